import sharp from 'sharp';
import type { RgbImage } from '../../data/prompt.js';
import { jpeg2000AtPsnr } from './jpeg2000.js';
import { parametersOf } from './parameters.js';
import { withData, type Severity } from './samples.js';

/**
 * JPEG and back, with the settings Pillow has by default: the standard tables scaled by quality, colours at half
 * resolution (4:2:0), baseline.
 */
export function jpeg(image: RgbImage, severity: Severity): Promise<RgbImage> {
  return jpegAtQuality(image, parametersOf('compression/jpeg', severity).quality);
}

/** JPEG and back, quality from 1 to 100. */
export async function jpegAtQuality(image: RgbImage, quality: number): Promise<RgbImage> {
  const raw = { width: image.width, height: image.height, channels: 3 } as const;
  const file = await sharp(image.data, { raw })
    .jpeg({ quality, chromaSubsampling: '4:2:0', mozjpeg: false, progressive: false })
    .toBuffer();
  const { data, info } = await sharp(file).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`jpeg: ${image.name}: decoded to ${info.channels} channels, expected 3`);
  return withData(image, new Uint8Array(data.buffer, data.byteOffset, data.length));
}

/** JPEG 2000 and back at a PSNR. Pillow aims at the whole picture's and estimates it: it ends up to 0.7 dB below. */
export function jpeg2000(image: RgbImage, severity: Severity): Promise<RgbImage> {
  return jpeg2000AtPsnr(image, parametersOf('compression/jpeg2000', severity).psnr);
}
