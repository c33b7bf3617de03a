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

/** resample.wat, assembled; a test compares them. */
export const MODULE =
  'AGFzbQEAAAABDAFgCH9/f39/f39/AAMCAQAFAwEAAQcVAgZtZW1vcnkCAAhyZXNhbXBsZQAACuUBAeIBAgZ/AXsDQCAEIQgDQCAAIAgoAgAgA2xqIQs' +
  'gCEEIaiAIKAIEQQJ0aiEKIAcgA2ohDQNA/QwAACAAAAAgAAAAIAAAACAAIQ4gCyEMIAhBCGohCQNAIA4gCf0JAgAgDP1cAgD9iQH9qQH9tQH9rgEhDi' +
  'AMIANqIQwgCUEEaiEJIAkgCkkNAAsgDkEW/awBIQ4gDiAO/YUBIQ4gByAOIA79Zv1aAgAAIAtBBGohCyAHQQRqIQcgByANSQ0ACyANIQcgCCAGaiEII' +
  'AggBUkNAAsgACACaiEAIAFBAWshASABDQALCw==';

/** What is used of it; the types of Node leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** What the module exports. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly resample: (...addressesAndSizes: number[]) => void;
}

let loaded: Kernel | undefined;

function kernel(): Kernel {
  loaded ??= new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MODULE, 'base64'))).exports as Kernel;
  return loaded;
}

const PAGE = 65_536;
/** The kernel reads and writes this many bytes past the ends, at most. */
const MARGIN = 4;

/**
 * One pass of a resize along one axis, rounded and clamped to 8 bits. In WebAssembly, because the same sums take JavaScript
 * eight times as long; its memory grows to what the largest picture takes, and is kept.
 *
 * @param lines - parts of the source that are treated alike: its rows, or 1 for an axis that runs down the picture
 * @param unit - bytes that share weights and follow each other along the axis: a pixel's, or a whole row's
 * @returns the lines, in memory of their own
 */
export function resample(source: Uint8Array, weights: AxisWeights, lines: number, unit: number): Uint8Array {
  const { memory, resample: run } = kernel();
  const { entries, size, stride } = weights;
  const length = lines * size * unit;
  const from = entries.byteLength;
  const to = from + source.length + MARGIN;
  const missing = to + length + MARGIN - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  new Int32Array(memory.buffer).set(entries);
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(source, from);
  run(from, lines, source.length / lines, unit, 0, from, stride * 4, to);
  return bytes.slice(to, to + length);
}
