import type { TextConfig, VisionConfig } from './config.js';

/** Patches of one image along time, height and width. */
export type Grid = readonly [t: number, h: number, w: number];

/**
 * theta^(−2j/size) for j < size/2, rounded to float32 at each step as PyTorch does: angles are positions times these, so
 * a last-bit difference here would grow with the position.
 */
export function inverseFrequencies(theta: number, size: number): Float32Array {
  return Float32Array.from({ length: size / 2 }, (_, j) => 1 / Math.fround(theta ** Math.fround((2 * j) / size)));
}

/** For each frequency of a head, which axis (0 time, 1 height, 2 width) its angle follows. */
export function mropeAxes(text: Pick<TextConfig, 'mropeSection'>): Uint8Array {
  return Uint8Array.from(text.mropeSection.flatMap((size, axis) => new Array<number>(size).fill(axis)));
}

/**
 * Angles of the language model's rotary embedding.
 *
 * @param positions - [3][rows], time, height, width
 * @returns [rows, headDim / 2] in radians
 */
export function mropeAngles(
  positions: readonly [ArrayLike<number>, ArrayLike<number>, ArrayLike<number>],
  text: Pick<TextConfig, 'mropeSection' | 'ropeTheta' | 'headDim'>,
): Float32Array {
  const frequencies = inverseFrequencies(text.ropeTheta, text.headDim);
  const axes = mropeAxes(text);
  const half = frequencies.length;
  const rows = positions[0].length;
  const angles = new Float32Array(rows * half);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < half; j++) {
      angles[row * half + j] = positions[axes[j] as 0 | 1 | 2][row]! * frequencies[j]!;
    }
  }
  return angles;
}

/**
 * Angles of the vision tower's 2-D rotary embedding: half of the frequencies follow the patch's row, half its column.
 *
 * @param rows - row of each patch
 * @param columns - column of each patch
 * @returns [patches, headDim / 2] in radians
 */
export function visionAngles(rows: ArrayLike<number>, columns: ArrayLike<number>, vision: VisionConfig): Float32Array {
  const half = vision.hiddenSize / vision.numHeads / 2;
  const frequencies = inverseFrequencies(vision.ropeTheta, half); // half/2 of them
  const quarter = frequencies.length;
  const angles = new Float32Array(rows.length * half);
  for (let patch = 0; patch < rows.length; patch++) {
    for (let j = 0; j < quarter; j++) {
      angles[patch * half + j] = rows[patch]! * frequencies[j]!;
      angles[patch * half + quarter + j] = columns[patch]! * frequencies[j]!;
    }
  }
  return angles;
}
