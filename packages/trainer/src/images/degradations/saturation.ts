import { parametersOf } from './parameters.js';
import { mapPixels, withData, type Degradation } from './samples.js';

type Direction = 'saturate_strengthen' | 'saturate_weaken';

/**
 * The saturation S of HSV times a factor, at most 1. The largest colour stays; the others keep their place between it and
 * the smallest. (The reference's 8-bit hue is not imitated.)
 */
export const hsvSaturation =
  (direction: Direction): Degradation =>
  (image, severity) => {
    const { factor } = parametersOf(`${direction}/hsv`, severity);
    return mapPixels(image, (red, green, blue) => {
      const largest = Math.max(red, green, blue);
      const span = largest - Math.min(red, green, blue);
      if (span === 0) return [red, green, blue];
      const stretch = Math.min(factor, largest / span); // where S reaches 1
      return [red, green, blue].map((value) => largest - (largest - value) * stretch) as [number, number, number];
    });
  };

/** The colours of YCrCb times a factor, all in OpenCV's 8 bits and 14-bit constants. */
export const ycrcbSaturation =
  (direction: Direction): Degradation =>
  (image, severity) => {
    const { factor } = parametersOf(`${direction}/ycrcb`, severity);
    const scaled = (value: number) => Math.trunc(clamp(128 + (clamp(value) - 128) * factor)) - 128;
    const out = new Uint8Array(image.data.length);
    for (let i = 0; i < out.length; i += 3) {
      const [red, green, blue] = image.data.subarray(i, i + 3) as unknown as [number, number, number];
      const y = fixed(4899 * red + 9617 * green + 1868 * blue);
      const cr = scaled(128 + fixed(11682 * (red - y)));
      const cb = scaled(128 + fixed(9241 * (blue - y)));
      out[i] = clamp(y + fixed(22987 * cr));
      out[i + 1] = clamp(y + fixed(-11698 * cr - 5636 * cb));
      out[i + 2] = clamp(y + fixed(29049 * cb));
    }
    return withData(image, out);
  };

/** From 14 bits of fraction to a whole number, rounded. */
const fixed = (value: number) => (value + 0x2000) >> 14;
const clamp = (value: number) => Math.min(255, Math.max(0, value));
