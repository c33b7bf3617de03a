import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import sharp from 'sharp';
import type { RgbImage } from '../../data/prompt.js';

/** Longest side of a picture in the report, in pixels. */
const LONGEST = 512;

/**
 * Writes a picture as PNG, made smaller when large. PNG, because a report about noise and compression must not add its own.
 */
export async function writePicture(file: string, image: RgbImage): Promise<void> {
  const { width, height, data } = image;
  await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(LONGEST, LONGEST, { fit: 'inside', withoutEnlargement: true })
    .png()
    .toFile(file);
}

/** A picture file as a data URL, so that the report is one file. */
export function dataUrl(file: string): string {
  const type = extname(file).toLowerCase() === '.png' ? 'image/png' : 'image/jpeg';
  return `data:${type};base64,${readFileSync(file).toString('base64')}`;
}
