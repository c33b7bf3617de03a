import type { Qwen25VlConfig, TextConfig, VisionConfig } from './config.js';

/** Patches of one image along time, height and width. */
export type Grid = readonly [t: number, h: number, w: number];

/** Positions of a prompt's tokens on the three axes of M-RoPE. */
export interface PromptPositions {
  /** [3][tokens]: time, height, width. */
  readonly axes: readonly [Int32Array, Int32Array, Int32Array];
  /** The position, on all three axes, of the token after the prompt. */
  readonly next: number;
}

type PositionConfig = Pick<Qwen25VlConfig, 'imageTokenId'> & {
  readonly vision: Pick<VisionConfig, 'spatialMergeSize'>;
};

/**
 * Positions as Qwen2.5-VL counts them: text moves all three axes on together; the tokens of an image share one time and
 * spread over rows and columns of the merged grid; the text behind it goes on from the largest position so far plus one.
 *
 * @param ids - the prompt, image tokens already expanded, without padding
 * @param grids - one per image, in order of appearance
 * @throws Error when the image tokens and the grids do not match.
 */
export function promptPositions(
  ids: ArrayLike<number>,
  grids: readonly Grid[],
  config: PositionConfig,
): PromptPositions {
  const axes = [new Int32Array(ids.length), new Int32Array(ids.length), new Int32Array(ids.length)] as const;
  const merge = config.vision.spatialMergeSize;
  let next = 0;
  let image = 0;
  for (let i = 0; i < ids.length;) {
    if (ids[i] !== config.imageTokenId) {
      for (const axis of axes) axis[i] = next;
      next++;
      i++;
      continue;
    }
    const grid = grids[image++];
    if (!grid) throw new Error(`promptPositions: image token at ${i}, but only ${grids.length} image grids`);
    const [frames, height, width] = [grid[0], grid[1] / merge, grid[2] / merge];
    for (let token = 0; token < frames * height * width; token++, i++) {
      if (ids[i] !== config.imageTokenId) {
        throw new Error(`promptPositions: image ${image} needs ${frames * height * width} image tokens, got ${token}`);
      }
      axes[0][i] = next; // frames of a still image share one time
      axes[1][i] = next + (Math.floor(token / width) % height);
      axes[2][i] = next + (token % width);
    }
    next += Math.max(height, width);
  }
  if (image !== grids.length) throw new Error(`promptPositions: ${grids.length} image grids, but tokens of ${image}`);
  return { axes, next };
}

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
