import { parametersOf } from './parameters.js';
import { mapPixels, mapSamples, toByte, type Degradation } from './samples.js';

type Direction = 'darken' | 'brighten';
const SIGN = { darken: -1, brighten: 1 } as const;

/**
 * The brightness V of HSV shifted. Hue and saturation stay, so all three colours change by the factor by which V, their
 * maximum, does; a value above 1 is cut off only then, as the reference does.
 */
export const hsvShift =
  (direction: Direction): Degradation =>
  (image, severity) => {
    const shift = SIGN[direction] * parametersOf(`${direction}/hsv-shift`, severity).shift;
    return mapPixels(image, (red, green, blue) => scaleValue(red, green, blue, (value) => value + shift));
  };

/** The same amount added to all samples. */
export const rgbShift =
  (direction: Direction): Degradation =>
  (image, severity) => {
    const shift = SIGN[direction] * parametersOf(`${direction}/rgb-shift`, severity).shift;
    return mapSamples(image, (value) => value + shift);
  };

/** V to a power, kept in 8 bits as the reference keeps it. (Its 8-bit hue and saturation are not imitated.) */
export const hsvGamma =
  (direction: Direction): Degradation =>
  (image, severity) => {
    const { gamma } = parametersOf(`${direction}/hsv-gamma`, severity);
    return mapPixels(image, (red, green, blue) =>
      scaleValue(red, green, blue, (value) => toByte(value ** gamma) / 255),
    );
  };

/** Every sample to a power. */
export const rgbGamma =
  (direction: Direction): Degradation =>
  (image, severity) => {
    const { gamma } = parametersOf(`${direction}/rgb-gamma`, severity);
    return mapSamples(image, (value) => value ** gamma);
  };

/** Black has no hue, so its new value is a grey. */
function scaleValue(
  red: number,
  green: number,
  blue: number,
  change: (value: number) => number,
): readonly [number, number, number] {
  const value = Math.max(red, green, blue);
  const next = Math.max(0, change(value));
  if (value === 0) return [next, next, next];
  const factor = next / value;
  return [red * factor, green * factor, blue * factor];
}
