import { ssim } from 'ssim.js';
import type { RgbImage } from './prompt.js';

/** SSIM at or below which the proxy score is 1. Of the DQ-495K ladder about one image in twenty falls below. */
const FLOOR = 0.2;

/**
 * A stand-in for a quality score when no human has given one: structural similarity (SSIM, mean over the grey image,
 * 11x11 Gaussian windows; Wang et al. 2004) between a degraded image and its clean original, brought to [1, 5] by
 *
 *   proxy = 1 + 4 max(0, SSIM - 0.2) / 0.8
 *
 * The clean image itself gets 5. The mapping is linear because SSIM is already spread evenly over the ladder (on crops
 * of the example photographs: 10 % below .28, half below .63, 90 % below .92). It is a proxy and never a MOS: SSIM
 * knows nothing of what people mind, and forgives darkening and blur of smooth areas more than they do.
 *
 * @returns the proxy score in [1, 5], rounded to two decimals.
 * @throws when the sizes differ.
 */
export function proxyScore(clean: RgbImage, degraded: RgbImage): number {
  if (clean.width !== degraded.width || clean.height !== degraded.height) {
    throw new Error(
      `proxyScore: images must have one size, got ${clean.width}x${clean.height} and ${degraded.width}x${degraded.height}`,
    );
  }
  const { mssim } = ssim(withAlpha(clean), withAlpha(degraded), { ssim: 'fast', downsample: false });
  return proxyFromSsim(mssim);
}

/** The mapping alone. */
export function proxyFromSsim(similarity: number): number {
  const score = 1 + (4 * Math.max(0, similarity - FLOOR)) / (1 - FLOOR);
  return Math.round(Math.min(5, score) * 100) / 100;
}

/** ssim.js reads RGBA. */
function withAlpha(image: RgbImage) {
  const data = new Uint8ClampedArray(image.width * image.height * 4).fill(255);
  for (let i = 0; i < image.width * image.height; i++) {
    for (let c = 0; c < 3; c++) data[i * 4 + c] = image.data[i * 3 + c]!;
  }
  return { data, width: image.width, height: image.height };
}
