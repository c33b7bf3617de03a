import { openKernels } from './kernels.js';

/** Bits of fraction of a weight: 32, less 8 for the pixel and 2 for sums of weights above 1 and below 0. */
export const PRECISION_BITS = 22;

/** Weights of one axis, in fixed point. */
export interface AxisWeights {
  /** Pixels of the result along the axis. */
  readonly size: number;
  /** For each of them `stride` entries: the first source pixel that counts, how many count (at least 1), their weights. */
  readonly entries: Int32Array;
  readonly stride: number;
}

/** The kernel reads and writes this many bytes past the ends, at most. */
const MARGIN = 4;

/**
 * One pass of a resize along one axis, rounded and clamped to 8 bits. JavaScript takes eight times as long for the same sums.
 *
 * @param lines - parts of the source that are treated alike: its rows, or 1 for an axis that runs down the picture
 * @param unit - bytes that share weights and follow each other along the axis: a pixel's, or a whole row's
 * @returns the lines, in memory of their own
 */
export function resample(source: Uint8Array, weights: AxisWeights, lines: number, unit: number): Uint8Array {
  const { entries, size, stride } = weights;
  const length = lines * size * unit;
  const from = entries.byteLength;
  const to = from + source.length + MARGIN;
  const { memory, resample: run } = openKernels(to + length + MARGIN);
  new Int32Array(memory).set(entries);
  const bytes = new Uint8Array(memory);
  bytes.set(source, from);
  run(from, lines, source.length / lines, unit, 0, from, stride * 4, to);
  return bytes.slice(to, to + length);
}
