import { boxBlur3 } from './convolve.js';
import { gaussian } from '../../random.js';
import { parametersOf } from './parameters.js';
import { poisson } from './poisson.js';
import { fromFloats, mapPixels, mapSamples, toFloats, type Degradation } from './samples.js';

/** Independent normal noise on every sample. */
export const gaussianRgb: Degradation = (image, severity, random) => {
  const { sigma } = parametersOf('noise/gaussian-rgb', severity);
  const normal = gaussian(random);
  return mapSamples(image, (value) => value + sigma * normal());
};

/**
 * Normal noise in YCrCb, stronger in the colours than in the brightness. The way to YCrCb and back is linear, so the
 * noise is brought to RGB instead of the image to YCrCb.
 */
export const gaussianYcrcb: Degradation = (image, severity, random) => {
  const { sigmaY, colour } = parametersOf('noise/gaussian-ycrcb', severity);
  const sigmaColour = sigmaY * colour;
  const normal = gaussian(random);
  return mapPixels(image, (red, green, blue) => {
    const y = sigmaY * normal();
    const cr = sigmaColour * normal();
    const cb = sigmaColour * normal();
    return [red + y + 1.403 * cr, green + y - 0.714 * cr - 0.344 * cb, blue + y + 1.773 * cb];
  });
};

/** Noise in proportion to the sample. */
export const speckle: Degradation = (image, severity, random) => {
  const { sigma } = parametersOf('noise/speckle', severity);
  const normal = gaussian(random);
  return mapSamples(image, (value) => value + value * sigma * normal());
};

/** Normal noise, then a 3x3 mean over image and noise together. */
export const spatiallyCorrelated: Degradation = (image, severity, random) => {
  const { sigma } = parametersOf('noise/spatially-correlated', severity);
  const normal = gaussian(random);
  const noisy = toFloats(image).map((value) => value + sigma * normal());
  return fromFloats(image, boxBlur3(noisy, image.width, image.height));
};

/** Photon counts: each sample is Poisson(value * factor) / factor. */
export const poissonNoise: Degradation = (image, severity, random) => {
  const { factor } = parametersOf('noise/poisson', severity);
  return mapSamples(image, (value) => poisson(value * factor, random) / factor);
};

/** Salt and pepper: a share of the samples (each colour on its own) becomes 0 or 1, evenly. */
export const impulse: Degradation = (image, severity, random) => {
  const { amount } = parametersOf('noise/impulse', severity);
  return mapSamples(image, (value) => (random() < amount ? (random() < 0.5 ? 1 : 0) : value));
};
