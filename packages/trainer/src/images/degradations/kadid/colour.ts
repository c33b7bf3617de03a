import { borderIndex, separable } from '../convolve.js';
import { fromFloats, mapPixels, toFloats, type Degradation } from '../samples.js';
import { gaussianWeights } from './kernels.js';
import { fromLab, mapTriples, toLab } from './lab.js';
import { kadidParametersOf } from './parameters.js';

/** The colours of Lab blurred and strengthened; brightness stays. */
export const colourDiffusion: Degradation = (image, severity) => {
  const { amount } = kadidParametersOf('colour/diffusion', severity);
  const sigma = 1.5 * amount + 2;
  const lab = mapTriples(toFloats(image), toLab);
  const blurred = separable(lab, image.width, image.height, gaussianWeights(sigma, Math.ceil(2 * sigma)), 'nearest');
  let i = 0;
  const values = mapTriples(lab, ([lightness]) => {
    const pixel = fromLab([lightness, blurred[i + 1]! * amount, blurred[i + 2]! * amount]);
    i += 3;
    return pixel;
  });
  return fromFloats(image, values);
};

/** Green moved by `amount` pixels in a random direction, as far as there are edges nearby. */
export const colourShift: Degradation = (image, severity, random) => {
  const { amount } = kadidParametersOf('colour/shift', severity);
  const { width, height } = image;
  const angle = 2 * Math.PI * random();
  const [dx, dy] = [Math.round(amount * Math.cos(angle)), Math.round(amount * Math.sin(angle))];
  const values = toFloats(image);
  const edges = edgeStrength(values, width, height);
  const out = Float64Array.from(values);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      const from = borderIndex(y - dy, height, 'nearest') * width + borderIndex(x - dx, width, 'nearest');
      out[pixel * 3 + 1] = values[from * 3 + 1]! * edges[pixel]! + values[pixel * 3 + 1]! * (1 - edges[pixel]!);
    }
  }
  return fromFloats(image, out);
};

/** Size of the brightness's gradient, blurred, from 0 where it is least to 1, its outermost hundredths cut off. [h, w] */
function edgeStrength(values: Float64Array, width: number, height: number): Float64Array {
  const grey = (x: number, y: number) => {
    const at = (borderIndex(y, height, 'nearest') * width + borderIndex(x, width, 'nearest')) * 3;
    return 0.299 * values[at]! + 0.587 * values[at + 1]! + 0.114 * values[at + 2]!;
  };
  const gradient = new Float64Array(values.length); // three times the same, for the blur of three colours
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const size = Math.hypot(grey(x + 1, y) - grey(x - 1, y), grey(x, y + 1) - grey(x, y - 1)) / 2;
      gradient.fill(size, (y * width + x) * 3, (y * width + x) * 3 + 3);
    }
  }
  const blurred = separable(gradient, width, height, gaussianWeights(4, 8), 'nearest').filter((_, i) => i % 3 === 0);
  const sorted = Float64Array.from(blurred).sort();
  const [least, most] = [sorted[0]!, sorted.at(-1)!];
  if (least === most) return blurred.fill(0);
  const scaled = (value: number) => (value - least) / (most - least);
  const low = scaled(sorted[Math.floor(0.01 * (sorted.length - 1))]!);
  const high = scaled(sorted[Math.ceil(0.99 * (sorted.length - 1))]!);
  return blurred.map((value) => Math.min(high, Math.max(low, scaled(value))));
}

/** The saturation of HSV times a factor; below 0 it turns colours into their opposite. */
export const hsvSaturation: Degradation = (image, severity) => {
  const { factor } = kadidParametersOf('saturate_weaken/hsv', severity);
  return mapPixels(image, (red, green, blue) => {
    const largest = Math.max(red, green, blue);
    return [red, green, blue].map((value) => largest - (largest - value) * factor) as [number, number, number];
  });
};

/** The colours of Lab times a factor. */
export const labSaturation: Degradation = (image, severity) => {
  const { factor } = kadidParametersOf('saturate_strengthen/lab', severity);
  return fromFloats(
    image,
    mapTriples(toFloats(image), (pixel) => {
      const [lightness, a, b] = toLab(pixel);
      return fromLab([lightness, a * factor, b * factor]);
    }),
  );
};
