import type { RgbImage } from '../../packages/trainer/src/data/prompt.js';
import { eigenpairs } from './eigen.js';

/** Keeps directions in which clean patches hardly vary from being blown up; in units of (pixel / 255)^2. */
const FLOOR = 2e-4;
const GAIN = 0.5;

/** Options of {@link whiteningFilters}. */
export interface WhiteningOptions {
  readonly patchSize: number;
  /** Frames a still image is repeated over; their filters add up to one. */
  readonly frames: number;
  /** Standard deviations by which the image processor divides red, green and blue. */
  readonly channelStd: readonly [number, number, number];
  /** Number of filters. */
  readonly filters: number;
  readonly patches: number;
  readonly random: () => number;
}

/**
 * First weights of the patch embedding: filters that see all of the spectrum of clean photographs equally strongly.
 * Photographs are almost all low frequency, while noise, blur and blocks show in what varies least; random filters take
 * very long to find it. Rows are eigenvectors of the covariance of clean patches, from the whole spectrum and more
 * densely at its strong end, each divided by the standard deviation along it.
 *
 * @returns [filters, 3, frames, patchSize, patchSize]
 */
export function whiteningFilters(photos: readonly RgbImage[], options: WhiteningOptions): Float32Array {
  const { patchSize, frames, channelStd, filters } = options;
  const area = patchSize * patchSize;
  const size = 3 * area;
  const pairs = eigenpairs(covariance(photos, options), size);
  const weights = new Float32Array(filters * 3 * frames * area);
  for (const [row, index] of spread(filters, size).entries()) {
    const { value, vector } = pairs[index]!;
    const scale = GAIN / Math.sqrt(value + FLOOR) / frames;
    for (let channel = 0; channel < 3; channel++) {
      for (let frame = 0; frame < frames; frame++) {
        for (let i = 0; i < area; i++) {
          // the processor's values times the channel's deviation are pixels again
          weights[((row * 3 + channel) * frames + frame) * area + i] =
            vector[channel * area + i]! * scale * channelStd[channel]!;
        }
      }
    }
  }
  return weights;
}

/** `count` different indices below `size`, evenly spaced in their logarithm as far as whole numbers allow. */
export function spread(count: number, size: number): number[] {
  const indices: number[] = [];
  for (let i = 0; i < count; i++) {
    const wanted = Math.round(size ** (i / (count - 1))) - 1;
    const latest = size - (count - i); // leaves room for the rest
    indices.push(Math.min(latest, Math.max(wanted, (indices.at(-1) ?? -1) + 1)));
  }
  return indices;
}

/** Covariance of patches at random places, [3 area, 3 area]; a patch is channel by channel, row by row, in [0, 1]. */
function covariance(photos: readonly RgbImage[], options: WhiteningOptions): Float64Array {
  const { patchSize, patches, random } = options;
  const size = 3 * patchSize * patchSize;
  const sum = new Float64Array(size);
  const products = new Float64Array(size * size);
  const patch = new Float64Array(size);
  for (let n = 0; n < patches; n++) {
    const photo = photos[n % photos.length]!;
    const left = Math.floor(random() * (photo.width - patchSize + 1));
    const top = Math.floor(random() * (photo.height - patchSize + 1));
    for (let i = 0; i < size; i++) {
      const channel = Math.floor(i / (patchSize * patchSize));
      const y = top + (Math.floor(i / patchSize) % patchSize);
      patch[i] = photo.data[(y * photo.width + left + (i % patchSize)) * 3 + channel]! / 255;
    }
    for (let i = 0; i < size; i++) {
      const value = patch[i]!;
      sum[i]! += value;
      for (let j = i; j < size; j++) products[i * size + j]! += value * patch[j]!;
    }
  }
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      const value = products[i * size + j]! / patches - (sum[i]! / patches) * (sum[j]! / patches);
      products[i * size + j] = value;
      products[j * size + i] = value;
    }
  }
  return products;
}
