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

/**
 * Normalises a picture and cuts it into patches, in the layout of `ProcessedImage.pixelValues`; a still picture fills every frame.
 *
 * @param image - both sides multiples of patch size times merge size
 */
export function cutIntoPatches({ data, width, height }: RgbImage, settings: PatchSettings): Float32Array {
  const { patchSize: side, temporalPatchSize: frames, mergeSize } = settings;
  const values = levelValues(settings);
  const size = 3 * frames * side * side;
  const patchAt = values.byteLength;
  const imageAt = patchAt + 4 * size;
  const { memory, cut } = openKernels(imageAt + data.length);
  new Float32Array(memory).set(values);
  new Uint8Array(memory).set(data, imageAt);
  const patch = new Float32Array(memory, patchAt, size);
  const [rows, columns] = [height / side, width / side];
  const patches = new Float32Array(rows * columns * size);
  let at = 0;
  for (const [row, column] of mergeOrder(rows, columns, mergeSize)) {
    cut(imageAt + (row * width + column) * side * 3, width * 3, side, frames, 0, patchAt);
    patches.set(patch, at);
    at += size;
  }
  return patches;
}
