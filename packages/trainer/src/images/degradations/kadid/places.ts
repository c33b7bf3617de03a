import { gaussian } from '../../../random.js';
import { resizeImage } from '../../resize.js';
import { borderIndex } from '../convolve.js';
import { fromFloats, mapSamples, toFloats, withData, type Degradation } from '../samples.js';
import { kadidParametersOf } from './parameters.js';

const JITTER_PASSES = 5;

/** Every pixel read from a place a little off, five times over: normal offsets, linear between pixels, the edge repeated. */
export const jitter: Degradation = (image, severity, random) => {
  const { sigma } = kadidParametersOf('jitter', severity);
  const { width, height } = image;
  const normal = gaussian(random);
  let values = toFloats(image);
  for (let pass = 0; pass < JITTER_PASSES; pass++) {
    const out = new Float64Array(values.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        readBetween(values, width, height, x + sigma * normal(), y + sigma * normal(), out, (y * width + x) * 3);
      }
    }
    values = out;
  }
  return fromFloats(image, values);
};

function readBetween(
  values: Float64Array,
  width: number,
  height: number,
  x: number,
  y: number,
  out: Float64Array,
  target: number,
): void {
  const [left, above] = [Math.floor(x), Math.floor(y)];
  const [right, below] = [x - left, y - above]; // shares
  const place = (dx: number, dy: number) =>
    (borderIndex(above + dy, height, 'nearest') * width + borderIndex(left + dx, width, 'nearest')) * 3;
  const corners = [place(0, 0), place(1, 0), place(0, 1), place(1, 1)] as const;
  const shares = [(1 - right) * (1 - below), right * (1 - below), (1 - right) * below, right * below] as const;
  for (let c = 0; c < 3; c++) {
    for (let k = 0; k < 4; k++) out[target + c]! += shares[k]! * values[corners[k]! + c]!;
  }
}

const PATCH = 16;

/** Squares of 16 pixels copied to a place up to 8 pixels off ("non-eccentricity patch"). */
export const patches: Degradation = (image, severity, random) => {
  const { count } = kadidParametersOf('patches', severity);
  const { width, height, name } = image;
  if (Math.min(width, height) < 3 * PATCH + 1) {
    throw new Error(`patches: ${name}: ${width}x${height} is too small, at least ${3 * PATCH + 1} pixels a side`);
  }
  const data = Uint8Array.from(image.data);
  const place = (size: number) => PATCH + Math.round(random() * (size - 3 * PATCH));
  const near = (at: number, size: number) =>
    Math.min(size - PATCH, Math.max(0, Math.round((random() - 0.5) * PATCH + at)));
  for (let i = 0; i < count; i++) {
    const [x, y] = [place(width), place(height)];
    const [toX, toY] = [near(x, width), near(y, height)];
    const patch = Array.from({ length: PATCH }, (_, row) => {
      const start = ((y + row) * width + x) * 3;
      return data.slice(start, start + PATCH * 3);
    });
    patch.forEach((line, row) => data.set(line, ((toY + row) * width + toX) * 3));
  }
  return withData(image, data);
};

/** Reduced and enlarged again by picking pixels. */
export const pixelate: Degradation = (image, severity) => {
  const scale = 0.95 - kadidParametersOf('pixelate', severity).strength ** 0.6;
  const [width, height] = [Math.floor(image.width * scale), Math.floor(image.height * scale)];
  if (width < 1 || height < 1) throw new Error(`pixelate: ${image.name}: ${image.width}x${image.height} is too small`);
  return resizeImage(resizeImage(image, width, height, 'nearest'), image.width, image.height, 'nearest');
};

/** Evenly spaced levels, then stretched so that the lowest that occurs is black and the highest white. */
export const quantization: Degradation = (image, severity) => {
  const { levels } = kadidParametersOf('quantization', severity);
  const levelOf = (value: number) => Math.min(levels - 1, Math.floor(value * levels));
  const used = Array.from(image.data, (value) => levelOf(value / 255));
  const least = used.reduce((a, b) => Math.min(a, b));
  const most = used.reduce((a, b) => Math.max(a, b));
  if (least === most) return withData(image, Uint8Array.from(image.data));
  return mapSamples(image, (value) => (levelOf(value) - least) / (most - least));
};

const BLOCK = 32;

/** Squares of 32 pixels in random colours at random places. */
export const colourBlocks: Degradation = (image, severity, random) => {
  const { count } = kadidParametersOf('colour_blocks', severity);
  const { width, height, name } = image;
  if (Math.min(width, height) < BLOCK) {
    throw new Error(`colour_blocks: ${name}: ${width}x${height} is too small, at least ${BLOCK} pixels a side`);
  }
  const data = Uint8Array.from(image.data);
  for (let i = 0; i < count; i++) {
    const colour = [random(), random(), random()].map((value) => Math.floor(value * 256));
    const [left, top] = [Math.floor(random() * (width - BLOCK + 1)), Math.floor(random() * (height - BLOCK + 1))];
    for (let y = top; y < top + BLOCK; y++) {
      for (let x = left; x < left + BLOCK; x++) data.set(colour, (y * width + x) * 3);
    }
  }
  return withData(image, data);
};
