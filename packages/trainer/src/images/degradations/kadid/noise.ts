import { gaussian } from '../../../random.js';
import { mapPixels, mapSamples, type Degradation } from '../samples.js';
import { kadidParametersOf } from './parameters.js';

/** Independent normal noise on every sample. */
export const whiteNoise: Degradation = (image, severity, random) => {
  const sigma = Math.sqrt(kadidParametersOf('noise/white', severity).variance);
  const normal = gaussian(random);
  return mapSamples(image, (value) => value + sigma * normal());
};

/** Independent normal noise on brightness and both colour differences of YCbCr (BT.601), brought to RGB. */
export const whiteNoiseYcbcr: Degradation = (image, severity, random) => {
  const sigma = Math.sqrt(kadidParametersOf('noise/white-ycbcr', severity).variance);
  const normal = gaussian(random);
  return mapPixels(image, (red, green, blue) => {
    const [y, cb, cr] = [sigma * normal(), sigma * normal(), sigma * normal()];
    return [red + y + 1.403 * cr, green + y - 0.714 * cr - 0.344 * cb, blue + y + 1.773 * cb];
  });
};

/** Salt and pepper: a share of the samples becomes 0 or 1, evenly. */
export const impulse: Degradation = (image, severity, random) => {
  const { density } = kadidParametersOf('noise/impulse', severity);
  return mapSamples(image, (value) => (random() < density ? (random() < 0.5 ? 1 : 0) : value));
};

/** Normal noise in proportion to the sample. */
export const multiplicative: Degradation = (image, severity, random) => {
  const sigma = Math.sqrt(kadidParametersOf('noise/multiplicative', severity).variance);
  const normal = gaussian(random);
  return mapSamples(image, (value) => value + value * sigma * normal());
};
