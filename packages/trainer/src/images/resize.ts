import type { RgbImage } from '../data/prompt.js';
import { PRECISION_BITS, resample, type AxisWeights, type ResamplePass } from './resample.js';

/** Pillow's filters, by Pillow's names. */
export type ResizeFilter = 'nearest' | 'box' | 'bilinear' | 'bicubic' | 'lanczos';

/** A filter's reach in source pixels at scale 1, and its weight at distance x. */
interface Kernel {
  readonly support: number;
  readonly weight: (x: number) => number;
}

function sinc(x: number): number {
  if (x === 0) return 1;
  const t = x * Math.PI;
  return Math.sin(t) / t;
}

/** Catmull-Rom: a cubic with slope parameter a = -1/2. */
function cubic(x: number): number {
  const a = -0.5;
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
  return 0;
}

const KERNELS: Readonly<Record<Exclude<ResizeFilter, 'nearest'>, Kernel>> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: cubic },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** When shrinking, the kernel is stretched by the scale, so that every source pixel counts (antialiasing). */
function axisWeights(from: number, to: number, kernel: Kernel): AxisWeights {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = kernel.support * stretch;
  const most = Math.ceil(support) * 2 + 1;
  const stride = 2 + most;
  const entries = new Int32Array(to * stride);
  const row = new Float64Array(most);
  const inverse = 1 / stretch;
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      row[k] = kernel.weight((k + start - center + 0.5) * inverse);
      sum += row[k]!;
    }
    const entry = i * stride;
    entries[entry] = start;
    entries[entry + 1] = count;
    for (let k = 0; k < count; k++) {
      const exact = (sum === 0 ? row[k]! : row[k]! / sum) * (1 << PRECISION_BITS);
      entries[entry + 2 + k] = Math.trunc(exact + (exact < 0 ? -0.5 : 0.5));
    }
  }
  return { size: to, stride, entries };
}

/** The source pixel of each output pixel. Positions are summed up, not multiplied: Pillow's rounding shows at ties. */
function nearestPositions(from: number, to: number): Int32Array {
  const scale = from / to;
  const positions = new Int32Array(to);
  let position = scale * 0.5;
  for (let i = 0; i < to; i++) {
    positions[i] = Math.min(from - 1, Math.trunc(position));
    position += scale;
  }
  return positions;
}

function resizeNearest(image: RgbImage, width: number, height: number): Uint8Array {
  const columns = nearestPositions(image.width, width);
  const rows = nearestPositions(image.height, height);
  const result = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (rows[y]! * image.width + columns[x]!) * 3;
      result.set(image.data.subarray(from, from + 3), (y * width + x) * 3);
    }
  }
  return result;
}

/** The passes along the axes whose length changes, in Pillow's order. */
function passesOf(image: RgbImage, width: number, height: number, kernel: Kernel): ResamplePass[] {
  const lost = image.height - height;
  const verticalFirst = lost > 0 && lost > 2 * (image.width - width);
  const across = (rows: number): ResamplePass[] =>
    width === image.width ? [] : [{ weights: axisWeights(image.width, width, kernel), lines: rows, unit: 3 }];
  const down = (columns: number): ResamplePass[] =>
    height === image.height
      ? []
      : [{ weights: axisWeights(image.height, height, kernel), lines: 1, unit: columns * 3 }];
  return verticalFirst ? [...down(image.width), ...across(height)] : [...across(image.height), ...down(width)];
}

/**
 * Resizes a picture as `Image.resize((width, height), filter)` of Pillow 13 does, to the bit: one pass along each axis
 * whose length changes, with 22-bit fixed-point weights and rounding to 8 bits. The horizontal pass comes first, unless
 * the height loses more than twice as many pixels as the width. (Before version 13 it always came first, which in those
 * cases changes some values by a level.)
 *
 * @param width - pixels, a positive integer
 * @param height - pixels, a positive integer
 * @returns a picture with memory of its own
 * @throws RangeError when width or height is no positive integer, or the picture's data are not as long as its size says.
 */
export function resizeImage(image: RgbImage, width: number, height: number, filter: ResizeFilter): RgbImage {
  if (!(Number.isSafeInteger(width) && width > 0 && Number.isSafeInteger(height) && height > 0))
    throw new RangeError(
      `resizeImage: ${image.name}: width and height must be positive integers, got ${width}x${height}`,
    );
  const bytes = image.width * image.height * 3;
  if (image.data.length !== bytes)
    throw new RangeError(
      `resizeImage: ${image.name}: ${image.width}x${image.height} RGB pixels are ${bytes} bytes, got ${image.data.length}`,
    );
  if (filter === 'nearest') return { name: image.name, width, height, data: resizeNearest(image, width, height) };
  return {
    name: image.name,
    width,
    height,
    data: resample(image.data, passesOf(image, width, height, KERNELS[filter])),
  };
}
