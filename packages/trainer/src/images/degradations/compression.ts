import sharp from 'sharp';
import type { RgbImage } from '../../data/prompt.js';
import { parametersOf } from './parameters.js';
import { withData, type Severity } from './samples.js';

/**
 * JPEG and back, with the settings Pillow has by default: the standard tables scaled by quality, colours at half
 * resolution (4:2:0), baseline.
 */
export async function jpeg(image: RgbImage, severity: Severity): Promise<RgbImage> {
  const { quality } = parametersOf('compression/jpeg', severity);
  const raw = { width: image.width, height: image.height, channels: 3 } as const;
  const file = await sharp(image.data, { raw })
    .jpeg({ quality, chromaSubsampling: '4:2:0', mozjpeg: false, progressive: false })
    .toBuffer();
  const { data, info } = await sharp(file).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`jpeg: ${image.name}: decoded to ${info.channels} channels, expected 3`);
  return withData(image, new Uint8Array(data.buffer, data.byteOffset, data.length));
}

/**
 * JPEG 2000 belongs to the ladder (PSNR targets 29, 27.5, 26, 24.5 and 23 dB), but no encoder is at hand.
 * @throws always, saying so.
 */
export function jpeg2000(): Promise<RgbImage> {
  return Promise.reject(
    new Error(
      "degrade: 'compression/jpeg2000' needs a JPEG 2000 encoder, which sharp's prebuilt libvips lacks; use 'compression/jpeg', or degrade the images outside and list them in a JSON file",
    ),
  );
}
