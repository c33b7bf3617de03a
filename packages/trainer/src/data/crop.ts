import type { RgbImage } from './prompt.js';

/** Left, top and mirroring of a square cut out of a photograph. */
export interface Crop {
  readonly left: number;
  readonly top: number;
  readonly mirrored: boolean;
}

/** Below this mean difference of neighbours (grey levels) a crop shows too little for blur or compression to be seen. */
const LEAST_DETAIL = 3;
/** Below this mean (grey levels) a crop is so dark already that darkening it cannot be told. */
const LEAST_BRIGHTNESS = 40;
const ATTEMPTS = 24;

/**
 * Draws a square that shows something: its label must be visible in it. The first crop with enough detail and
 * brightness is taken, else the most detailed one seen.
 * @throws when the photograph is smaller than the crop.
 */
export function drawCrop(photo: RgbImage, size: number, random: () => number): Crop {
  if (photo.width < size || photo.height < size) {
    throw new Error(
      `${photo.name}: ${photo.width}x${photo.height} pixels are too few for a crop of ${size}x${size}; lower cropSize`,
    );
  }
  let best: Crop | undefined;
  let bestDetail = -1;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const left = Math.floor(random() * (photo.width - size + 1));
    const top = Math.floor(random() * (photo.height - size + 1));
    const crop = { left, top, mirrored: random() < 0.5 };
    const { detail, brightness } = measure(photo, crop, size);
    if (detail >= LEAST_DETAIL && brightness >= LEAST_BRIGHTNESS) return crop;
    if (detail > bestDetail) {
      best = crop;
      bestDetail = detail;
    }
  }
  return best!;
}

/** Cuts the square out. Its name says where from: `photo.jpg@left,top`, with an `m` when mirrored. */
export function cut(photo: RgbImage, crop: Crop, size: number): RgbImage {
  const data = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    const row = ((crop.top + y) * photo.width + crop.left) * 3;
    for (let x = 0; x < size; x++) {
      const source = row + (crop.mirrored ? size - 1 - x : x) * 3;
      const target = (y * size + x) * 3;
      for (let c = 0; c < 3; c++) data[target + c] = photo.data[source + c]!;
    }
  }
  const name = `${photo.name}@${crop.left},${crop.top}${crop.mirrored ? 'm' : ''}`;
  return { name, width: size, height: size, data };
}

/** Of the green samples, on every other row and column: mean, and mean absolute difference to the right and below. */
function measure(photo: RgbImage, crop: Crop, size: number): { detail: number; brightness: number } {
  let differences = 0;
  let sum = 0;
  let count = 0;
  for (let y = crop.top; y < crop.top + size - 1; y += 2) {
    for (let x = crop.left; x < crop.left + size - 1; x += 2) {
      const here = photo.data[(y * photo.width + x) * 3 + 1]!;
      const right = photo.data[(y * photo.width + x + 1) * 3 + 1]!;
      const below = photo.data[((y + 1) * photo.width + x) * 3 + 1]!;
      differences += Math.abs(right - here) + Math.abs(below - here);
      sum += here;
      count += 1;
    }
  }
  return { detail: differences / (2 * count), brightness: sum / count };
}
