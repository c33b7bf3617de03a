import sharp from 'sharp';
import type { RgbImage } from '../data/prompt.js';

/** A picture as PNG that goes over the wire once: little is spent on making it small. */
export async function encodePng({ width, height, data }: RgbImage): Promise<Buffer> {
  const raw = { width, height, channels: 3 } as const;
  return sharp(data, { raw }).png({ compressionLevel: 1 }).toBuffer();
}
