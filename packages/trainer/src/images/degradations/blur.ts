import { diskBlur, gaussianKernel, separable } from './convolve.js';
import { parametersOf } from './parameters.js';
import { fromFloats, toFloats, withData, type Degradation } from './samples.js';

/** Gaussian blur, the edge repeated. */
export const gaussianBlur: Degradation = (image, severity) => {
  const kernel = gaussianKernel(parametersOf('blur/gaussian', severity).sigma);
  return fromFloats(image, separable(toFloats(image), image.width, image.height, kernel, 'nearest'));
};

/** A trace in a random direction, strongest at its start (half a Gaussian), the edge repeated. */
export const motion: Degradation = (image, severity, random) => {
  const { radius, sigma } = parametersOf('blur/motion', severity);
  const angle = (random() - 0.5) * Math.PI;
  const { width, height, data } = image;
  const out = new Float64Array(data.length);
  let total = 0;
  for (let step = 0; step < 2 * radius + 1; step++) total += Math.exp(-(step ** 2) / (2 * sigma * sigma));
  for (let step = 0; step < 2 * radius + 1; step++) {
    const weight = Math.exp(-(step ** 2) / (2 * sigma * sigma)) / total;
    const dx = -Math.ceil(step * Math.cos(angle) - 0.5);
    const dy = -Math.ceil(step * Math.sin(angle) - 0.5);
    for (let y = 0; y < height; y++) {
      const row = Math.min(height - 1, Math.max(0, y - dy)) * width;
      for (let x = 0; x < width; x++) {
        const source = (row + Math.min(width - 1, Math.max(0, x - dx))) * 3;
        const target = (y * width + x) * 3;
        for (let c = 0; c < 3; c++) out[target + c]! += weight * data[source + c]!;
      }
    }
  }
  return fromFloats(
    image,
    out.map((value) => value / 255),
  );
};

/** Frosted glass: blur, move pixels about, blur again. */
export const glass: Degradation = (image, severity, random) => {
  const { sigma, shift, passes } = parametersOf('blur/glass', severity);
  const { width, height } = image;
  const kernel = gaussianKernel(sigma);
  const values = separable(toFloats(image), width, height, kernel, 'nearest');
  for (let pass = 0; pass < passes; pass++) scatter(values, width, height, shift, random);
  return fromFloats(image, separable(values, width, height, kernel, 'nearest'));
};

/** Out of focus: the mean over a disk. */
export const lens: Degradation = (image, severity) => {
  const { radius } = parametersOf('blur/lens', severity);
  return fromFloats(image, diskBlur(toFloats(image), image.width, image.height, radius));
};

/** The mean of the image and of its enlargements by 1, 1.02, 1.04 ... up to the severity's factor (exclusive). */
export const zoom: Degradation = (image, severity) => {
  const { end } = parametersOf('blur/zoom', severity);
  const source = toFloats(image);
  const out = Float64Array.from(source);
  const layers = Math.ceil((end - 1) / 0.02 - 1e-9);
  for (let layer = 0; layer < layers; layer++) addEnlarged(out, source, image.width, image.height, 1 + 0.02 * layer);
  return fromFloats(
    image,
    out.map((value) => value / (layers + 1)),
  );
};

/** Pixels moved about within a small square. */
export const jitter: Degradation = (image, severity, random) => {
  const data = Uint8Array.from(image.data);
  scatter(data, image.width, image.height, parametersOf('blur/jitter', severity).shift, random);
  return withData(image, data);
};

/**
 * Each pixel, from the last to the first, takes the value of a neighbour at an offset in [-shift, shift). The
 * reference is written as an exchange, but between two views of one array, which comes to a copy; so is it here.
 */
function scatter(
  values: Float64Array | Uint8Array,
  width: number,
  height: number,
  shift: number,
  random: () => number,
) {
  const offset = () => Math.floor(random() * 2 * shift) - shift;
  for (let y = height - shift; y > shift; y--) {
    for (let x = width - shift; x > shift; x--) {
      const source = ((y + offset()) * width + x + offset()) * 3;
      values.copyWithin((y * width + x) * 3, source, source + 3);
    }
  }
}

/** Adds the centre of `source`, enlarged linearly (corners on corners) so that it fills the image. */
function addEnlarged(out: Float64Array, source: Float64Array, width: number, height: number, factor: number) {
  const xs = enlargedAxis(width, factor);
  const ys = enlargedAxis(height, factor);
  const wide = new Float64Array(source.length);
  for (let i = 0; i < width * height; i++) {
    const [left, right, share] = xs[i % width]!;
    const row = (i - (i % width)) * 3;
    for (let c = 0; c < 3; c++) {
      wide[i * 3 + c] = source[row + left * 3 + c]! * (1 - share) + source[row + right * 3 + c]! * share;
    }
  }
  for (let y = 0; y < height; y++) {
    const [above, below, share] = ys[y]!;
    for (let i = 0; i < width * 3; i++) {
      out[y * width * 3 + i]! += wide[above * width * 3 + i]! * (1 - share) + wide[below * width * 3 + i]! * share;
    }
  }
}

/** Per output coordinate: the two source coordinates and the share of the second. */
function enlargedAxis(size: number, factor: number): [number, number, number][] {
  const kept = Math.ceil(size / factor - 1e-9);
  const start = Math.floor((size - kept) / 2);
  const enlarged = Math.round(kept * factor);
  return Array.from({ length: size }, (_, i) => {
    const position = Math.min(kept - 1, (i * (kept - 1)) / Math.max(1, enlarged - 1));
    const low = Math.min(kept - 1, Math.floor(position));
    return [start + low, start + Math.min(kept - 1, low + 1), position - low];
  });
}
