/** kernels.wat, assembled; a test compares them. */
export const MODULE =
  'AGFzbQEAAAABFQJgCH9/f39/f39/AGAGf39/f39/AAMDAgABBQMBAAEHGwMGbWVtb3J5AgAIcmVzYW1wbGUAAANjdXQAAQqUAwLiAQIGfwF7A0AgBCE' +
  'IA0AgACAIKAIAIANsaiELIAhBCGogCCgCBEECdGohCiAHIANqIQ0DQP0MAAAgAAAAIAAAACAAAAAgACEOIAshDCAIQQhqIQkDQCAOIAn9CQIAIAz9XA' +
  'IA/YkB/akB/bUB/a4BIQ4gDCADaiEMIAlBBGohCSAJIApJDQALIA5BFv2sASEOIA4gDv2FASEOIAcgDiAO/Wb9WgIAACALQQRqIQsgB0EEaiEHIAcgD' +
  'UkNAAsgDSEHIAggBmohCCAIIAVJDQALIAAgAmohACABQQFrIQEgAQ0ACwutAQEIfwNAIAUhCiAAIAZqIQcgAiEJA0AgByEIIAUgAkECdGohCwNAIAUg' +
  'BCAILQAAQQJ0aioCADgCACAIQQNqIQggBUEEaiEFIAUgC0kNAAsgByABaiEHIAlBAWshCSAJDQALIANBAWshDSAFIAprIQwCQANAIA1FDQEgBSAKIAz' +
  '8CgAAIAUgDGohBSANQQFrIQ0MAAsLIARBgAhqIQQgBkEBaiEGIAZBA0kNAAsL';

/** What is used of it; the types of Node leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** The functions of kernels.wat; parameters in its order. */
interface Kernels {
  readonly resample: (...addressesAndSizes: number[]) => void;
  readonly cut: (...addressesAndSizes: number[]) => void;
}

type Exports = Kernels & { readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number } };

const PAGE = 65_536;

let loaded: Exports | undefined;

/**
 * The kernels and their memory, of at least so many bytes. It is the same memory every time: it grows to what the largest picture
 * takes, and is kept.
 */
export function openKernels(bytes: number): Kernels & { readonly memory: ArrayBuffer } {
  loaded ??= new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MODULE, 'base64'))).exports as Exports;
  const { memory, resample, cut } = loaded;
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return { resample, cut, memory: memory.buffer };
}
