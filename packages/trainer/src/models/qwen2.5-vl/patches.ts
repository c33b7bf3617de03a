import type { RgbImage } from '../../data/prompt.js';
import { openKernels } from '../../images/kernels.js';

/** How pixels become patches. */
export interface PatchSettings {
  readonly patchSize: number;
  readonly temporalPatchSize: number;
  readonly mergeSize: number;
  readonly rescaleFactor: number;
  /** Red, green, blue. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** A picture and how it is cut. */
export interface PatchSource {
  /** Both sides are multiples of patch size times merge size. */
  readonly pixels: RgbImage;
  readonly settings: PatchSettings;
}

/**
 * The 256 values that each channel can take, red, green, blue. Rounded to float32 after each step, as the reference does in
 * float32 arrays, so that the values agree to the bit.
 */
function levelValues({ rescaleFactor, mean, std }: PatchSettings): Float32Array {
  return Float32Array.from({ length: 3 * 256 }, (_, i) => {
    const channel = i >> 8;
    const scaled = Math.fround((i & 255) * rescaleFactor);
    return Math.fround(Math.fround(scaled - Math.fround(mean[channel]!)) / Math.fround(std[channel]!));
  });
}

/** Patches by blocks of merge x merge, row-major, and row-major within a block. */
function* mergeOrder(rows: number, columns: number, merge: number): Generator<[row: number, column: number]> {
  for (let blockRow = 0; blockRow < rows; blockRow += merge)
    for (let blockColumn = 0; blockColumn < columns; blockColumn += merge)
      for (let row = blockRow; row < blockRow + merge; row++)
        for (let column = blockColumn; column < blockColumn + merge; column++) yield [row, column];
}

/** How many values the patches of some pictures are: each pixel's three, for every frame. */
export function patchValues(images: readonly PatchSource[]): number {
  return images.reduce((sum, { pixels, settings }) => sum + pixels.data.length * settings.temporalPatchSize, 0);
}

function cutOne({ pixels: { data, width, height }, settings }: PatchSource, patches: Float32Array): void {
  const { patchSize: side, temporalPatchSize: frames, mergeSize } = settings;
  const values = levelValues(settings);
  const size = 3 * frames * side * side;
  const patchAt = values.byteLength;
  const imageAt = patchAt + 4 * size;
  const { memory, cut } = openKernels(imageAt + data.length);
  new Float32Array(memory).set(values);
  new Uint8Array(memory).set(data, imageAt);
  const patch = new Float32Array(memory, patchAt, size);
  let at = 0;
  for (const [row, column] of mergeOrder(height / side, width / side, mergeSize)) {
    cut(imageAt + (row * width + column) * side * 3, width * 3, side, frames, 0, patchAt);
    patches.set(patch, at);
    at += size;
  }
}

/**
 * Normalises pictures and cuts them into patches, picture after picture; a still picture fills every frame.
 *
 * @param patches - memory for the result, at least as long; what comes fresh from the system takes longer to fill than to compute
 * @returns [N, channels * temporal * patch * patch], N = t * h * w: each patch channel by channel, frame by frame, row by row.
 *   Patches that merge into one token follow each other.
 */
export function cutIntoPatches(
  images: readonly PatchSource[],
  patches: Float32Array = new Float32Array(patchValues(images)),
): Float32Array {
  let at = 0;
  for (const image of images) cutOne(image, patches.subarray(at, (at += patchValues([image]))));
  return patches.subarray(0, at);
}
