import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { RgbImage } from '../data/prompt.js';
import { fileProblem } from '../models/files.js';

/** Raster formats only: libvips would also draw an SVG or a PDF page, at a size of its own choosing. */
const FORMATS: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif']);

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Error(`${path}: ${fileProblem(error)}`, { cause: error });
  }
}

/** Pillow's 8-bit blend of a colour onto white, with its rounding. */
function ontoWhite(value: number, alpha: number): number {
  const sum = (value * alpha + 255 * (255 - alpha)) * 128 + 0x4000; // 7 bits of fraction, and a half
  return (sum + (sum >> 8)) >> 15; // divided by 255 and by the fraction
}

/** Gray or RGB, with alpha or without, to RGB. What is transparent shows white. */
function toRgb(pixels: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return pixels;
  const count = pixels.length / channels;
  const rgb = new Uint8Array(count * 3);
  const [green, blue] = channels === 4 ? [1, 2] : [0, 0];
  const hasAlpha = channels === 2 || channels === 4;
  for (let i = 0; i < count; i++) {
    const from = i * channels;
    const alpha = hasAlpha ? pixels[from + channels - 1]! : 255;
    rgb[i * 3] = ontoWhite(pixels[from]!, alpha);
    rgb[i * 3 + 1] = ontoWhite(pixels[from + green]!, alpha);
    rgb[i * 3 + 2] = ontoWhite(pixels[from + blue]!, alpha);
  }
  return rgb;
}

/**
 * Decodes a picture as transformers 5 does with Pillow. Pixels are taken as stored: EXIF orientation and colour profiles
 * are not applied. Transparency is laid onto white (transformers 4 dropped it), gray becomes RGB; of an animation, the
 * first frame counts.
 *
 * @param source - path of a JPEG, PNG, WebP, GIF, TIFF or AVIF file, or such a file's bytes
 * @param name - what errors and reports call it. Default: the path, or "image" for bytes
 * @throws Error naming the file, when it is missing, empty, corrupt, truncated or of another kind.
 */
export async function decodeImage(source: string | Uint8Array, name?: string): Promise<RgbImage> {
  const called = name ?? (typeof source === 'string' ? source : 'image');
  const bytes = typeof source === 'string' ? await readBytes(source) : source;
  if (bytes.length === 0) throw new Error(`${called}: empty file, expected an image`);
  try {
    const input = sharp(bytes, { failOn: 'error', ignoreIcc: true });
    const { format } = await input.metadata();
    if (!FORMATS.has(format)) throw new Error(`unsupported format ${format}`);
    const { data, info } = await input
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { name: called, width: info.width, height: info.height, data: toRgb(pixels, info.channels) };
  } catch (error) {
    throw new Error(`${called}: not a readable image (${fileProblem(error)})`, { cause: error });
  }
}
