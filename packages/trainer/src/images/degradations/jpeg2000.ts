import { createRequire } from 'node:module';
import type { RgbImage } from '../../data/prompt.js';
import { withData } from './samples.js';

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: 8;
  readonly componentCount: 1 | 3;
  readonly isSigned: false;
}
interface Encoder {
  getDecodedBuffer(frame: Frame): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setQuality(lossless: boolean, layers: number): void;
  setCompressionRatio(layer: number, ratio: number): void;
  setDecompositions(levels: number): void;
  setProgressionOrder(order: number): void;
  encode(): void;
  delete(): void;
}
interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  decode(): void;
  delete(): void;
}
interface OpenJpeg {
  readonly J2KEncoder: new () => Encoder;
  readonly J2KDecoder: new () => Decoder;
}

const quiet = { print: () => undefined, printErr: () => undefined };
let library: Promise<OpenJpeg> | undefined;

/** OpenJPEG as WebAssembly, loaded when first needed: the same bytes on every machine. */
function openJpeg(): Promise<OpenJpeg> {
  const load = () =>
    createRequire(import.meta.url)('@cornerstonejs/codec-openjpeg/wasmjs') as (options: object) => Promise<OpenJpeg>;
  return (library ??= load()(quiet));
}

const LRCP = 0;
/** Halvings of the picture, as many as fit into its shorter side, five at most (OpenJPEG's default). */
const decompositions = (width: number, height: number) =>
  Math.min(5, Math.floor(Math.log2(Math.max(1, Math.min(width, height)))));

/** Samples, interleaved, through the reversible transform, cut off at a rate; and back. */
function roundTrip({ J2KEncoder, J2KDecoder }: OpenJpeg, samples: Uint8Array, frame: Frame, ratio: number): Uint8Array {
  const encoder = new J2KEncoder();
  const decoder = new J2KDecoder();
  try {
    encoder.getDecodedBuffer(frame).set(samples);
    encoder.setQuality(true, 1);
    encoder.setCompressionRatio(0, ratio);
    encoder.setDecompositions(decompositions(frame.width, frame.height));
    encoder.setProgressionOrder(LRCP);
    encoder.encode();
    const file = encoder.getEncodedBuffer().slice();
    decoder.getEncodedBuffer(file.length).set(file);
    decoder.decode();
    return decoder.getDecodedBuffer().slice();
  } finally {
    encoder.delete();
    decoder.delete();
  }
}

/** JPEG 2000 and back, at a given ratio of the sizes before and after. Colours are coded as brightness and differences. */
export async function jpeg2000AtRatio(image: RgbImage, ratio: number): Promise<RgbImage> {
  const { width, height } = image;
  const frame: Frame = { width, height, bitsPerSample: 8, componentCount: 3, isSigned: false };
  return withData(image, roundTrip(await openJpeg(), image.data, frame, ratio));
}

const STRONGEST = 4096;

/**
 * JPEG 2000 and back, at the highest ratio that still has a given PSNR in each colour. Colours are coded by themselves, as
 * Pillow does by default, where damage shows as false colours.
 */
export async function jpeg2000AtPsnr(image: RgbImage, psnr: number): Promise<RgbImage> {
  const { width, height, data } = image;
  const codec = await openJpeg();
  const frame: Frame = { width, height, bitsPerSample: 8, componentCount: 1, isSigned: false };
  const out = new Uint8Array(data.length);
  for (let c = 0; c < 3; c++) {
    const plane = data.filter((_, i) => i % 3 === c);
    const coded = (ratio: number) => roundTrip(codec, plane, frame, ratio);
    const largestError = 255 ** 2 / 10 ** (psnr / 10);
    let [low, high, best]: [number, number, Uint8Array] = [1, STRONGEST, plane];
    while (high / low > 1.01) {
      const ratio = Math.sqrt(low * high);
      const result = coded(ratio);
      if (squaredError(plane, result) <= largestError) [low, best] = [ratio, result];
      else high = ratio;
    }
    best.forEach((value, i) => (out[i * 3 + c] = value));
  }
  return withData(image, out);
}

function squaredError(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length;
}
