import type { RgbImage } from '../../../src/data/prompt.js';

/** One colour everywhere. */
export function flat(width: number, height: number, value: number): RgbImage {
  return { name: 'flat', width, height, data: new Uint8Array(width * height * 3).fill(value) };
}

/** Smooth waves with sharp edges on top, away from 0 and 255: something of everything a photograph has. */
export function scene(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const wave = 40 * Math.sin(x / (9 + c)) + 30 * Math.cos(y / 13);
        const edge = (Math.floor(x / 12) + Math.floor(y / 12)) % 2 === 0 ? 25 : -25;
        data[(y * width + x) * 3 + c] = Math.round(128 + wave + edge);
      }
    }
  }
  return { name: 'scene', width, height, data };
}

/** Mean and standard deviation over the samples of a minus those of b, in units of 255. */
export function difference(a: RgbImage, b: RgbImage): { mean: number; std: number } {
  const values = Array.from(a.data, (value, i) => (value - b.data[i]!) / 255);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
}
