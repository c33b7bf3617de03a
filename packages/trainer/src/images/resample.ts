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

/** One pass of a resize along one axis. */
export interface ResamplePass {
  readonly weights: AxisWeights;
  /** Parts of the picture that are treated alike: its rows, or 1 for an axis that runs down the picture. */
  readonly lines: number;
  /** Bytes that share weights and follow each other along the axis: a pixel's, or a whole row's. */
  readonly unit: number;
}

/** The kernel reads and writes this many bytes past the ends, at most. */
const MARGIN = 4;

/**
 * The passes of a resize one after the other, each rounded and clamped to 8 bits. JavaScript takes eight times as long for the same
 * sums.
 *
 * @returns the last pass's lines, in memory of their own
 */
export function resample(source: Uint8Array, passes: readonly ResamplePass[]): Uint8Array {
  let end = 0;
  const reserve = (length: number): number => (end += length) - length;
  const entries = passes.map(({ weights }) => reserve(weights.entries.byteLength));
  const lengths = [source.length, ...passes.map(({ weights, lines, unit }) => lines * weights.size * unit)];
  const pictures = lengths.map((length) => reserve(length + MARGIN));
  const { memory, resample: run } = openKernels(end);
  const bytes = new Uint8Array(memory);
  bytes.set(source, pictures[0]);
  passes.forEach(({ weights, lines, unit }, i) => {
    const [from, first, stride] = [pictures[i]!, entries[i]!, 4 * weights.stride];
    new Int32Array(memory, first).set(weights.entries);
    run(from, lines, lengths[i]! / lines, unit, first, first + weights.entries.byteLength, stride, pictures[i + 1]!);
  });
  return bytes.slice(pictures.at(-1), pictures.at(-1)! + lengths.at(-1)!);
}
