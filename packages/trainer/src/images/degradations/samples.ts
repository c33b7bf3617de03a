import type { RgbImage } from '../../data/prompt.js';

/** Severity of a degradation, 1 (slight) to 5 (catastrophic). */
export type Severity = 1 | 2 | 3 | 4 | 5;

/**
 * One degradation at one severity. It leaves its input alone and gives the same output for the same numbers drawn
 * from `random`.
 * @param random - uniform in [0, 1)
 */
export type Degradation = (image: RgbImage, severity: Severity, random: () => number) => RgbImage;

/** A {@link Degradation}, or one that needs a codec. */
export type AnyDegradation = (...degradation: Parameters<Degradation>) => RgbImage | Promise<RgbImage>;

/**
 * A value in [0, 1] as 8 bits: clipped, times 255, truncated (not rounded), as the reference ladder stores images.
 * The small addend keeps v/255*255 at v where floating point falls just below it.
 */
export function toByte(value: number): number {
  return Math.floor(Math.min(1, Math.max(0, value)) * 255 + 1e-9);
}

/** A new image of the same size and name. */
export function withData(image: RgbImage, data: Uint8Array): RgbImage {
  return { name: image.name, width: image.width, height: image.height, data };
}

/** Applies `change` to every sample, as a value in [0, 1]; `index` counts samples row-major, RGB interleaved. */
export function mapSamples(image: RgbImage, change: (value: number, index: number) => number): RgbImage {
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < data.length; i++) data[i] = toByte(change(image.data[i]! / 255, i));
  return withData(image, data);
}

/** Applies `change` to every pixel, as values in [0, 1]. */
export function mapPixels(
  image: RgbImage,
  change: (red: number, green: number, blue: number) => readonly [number, number, number],
): RgbImage {
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < data.length; i += 3) {
    const pixel = change(image.data[i]! / 255, image.data[i + 1]! / 255, image.data[i + 2]! / 255);
    for (let c = 0; c < 3; c++) data[i + c] = toByte(pixel[c]!);
  }
  return withData(image, data);
}

/** All samples as values in [0, 1]. */
export function toFloats(image: RgbImage): Float64Array {
  return Float64Array.from(image.data, (value) => value / 255);
}

/** Values in [0, 1] back to 8 bits. */
export function fromFloats(image: RgbImage, values: Float64Array): RgbImage {
  return withData(image, Uint8Array.from(values, toByte));
}
