import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import sharp from 'sharp';
import type { RgbImage } from '../../data/prompt.js';

/** Longest side of a picture in the report, in pixels. */
const LONGEST = 512;

/** A picture as PNG, made smaller when its longest side has more pixels than asked. */
export async function encodePicture(
  { width, height, data }: RgbImage,
  longest: number,
): Promise<{ width: number; height: number; png: Buffer }> {
  const { data: png, info } = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(longest, longest, { fit: 'inside', withoutEnlargement: true })
    .png()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, png };
}

/**
 * Writes a picture as PNG, made smaller when large. PNG, because a report about noise and compression must not add its own.
 */
export async function writePicture(file: string, image: RgbImage): Promise<void> {
  await writeFile(file, (await encodePicture(image, LONGEST)).png);
}

/** A picture file as a data URL, so that the report is one file. */
export function dataUrl(file: string): string {
  const type = extname(file).toLowerCase() === '.png' ? 'image/png' : 'image/jpeg';
  return `data:${type};base64,${readFileSync(file).toString('base64')}`;
}
