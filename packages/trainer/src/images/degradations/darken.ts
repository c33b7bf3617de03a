import { atSeverity, mapPixels, mapSamples, toByte, type Degradation } from './samples.js';

/**
 * The brightness V of HSV lowered. Hue and saturation stay, so all three colours shrink by the factor by which V,
 * their maximum, does.
 */
export const hsvShift: Degradation = (image, severity) => {
  const shift = atSeverity([0.1, 0.2, 0.3, 0.4, 0.5], severity);
  return mapPixels(image, (red, green, blue) => scaleValue(red, green, blue, (value) => value - shift));
};

/** The same amount taken from all samples. */
export const rgbShift: Degradation = (image, severity) => {
  const shift = atSeverity([0.1, 0.15, 0.2, 0.27, 0.35], severity);
  return mapSamples(image, (value) => value - shift);
};

/** V to a power, kept in 8 bits as the reference keeps it. (Its 8-bit hue and saturation are not imitated.) */
export const hsvGamma: Degradation = (image, severity) => {
  const gamma = atSeverity([1.5, 1.8, 2.2, 2.7, 3.5], severity);
  return mapPixels(image, (red, green, blue) => scaleValue(red, green, blue, (value) => toByte(value ** gamma) / 255));
};

/** Every sample to a power. */
export const rgbGamma: Degradation = (image, severity) => {
  const gamma = atSeverity([1.4, 1.7, 2.1, 2.6, 3.2], severity);
  return mapSamples(image, (value) => value ** gamma);
};

function scaleValue(
  red: number,
  green: number,
  blue: number,
  change: (value: number) => number,
): readonly [number, number, number] {
  const value = Math.max(red, green, blue);
  if (value === 0) return [0, 0, 0];
  const factor = Math.max(0, change(value)) / value;
  return [red * factor, green * factor, blue * factor];
}
