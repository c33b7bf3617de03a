import { separable } from '../convolve.js';
import { fromFloats, toFloats, type Degradation } from '../samples.js';
import { diskTaps, gaussianWeights, lineTaps, weightedMeans } from './kernels.js';
import { kadidParametersOf } from './parameters.js';

/** Gaussian blur with a kernel cut at twice its deviation, the edge repeated. */
export const gaussianBlur: Degradation = (image, severity) => {
  const { sigma } = kadidParametersOf('blur/gaussian', severity);
  const weights = gaussianWeights(sigma, Math.ceil(2 * sigma));
  return fromFloats(image, separable(toFloats(image), image.width, image.height, weights, 'nearest'));
};

/** Out of focus: the mean over a disk, whose edge counts pixels in part. */
export const lensBlur: Degradation = (image, severity) => {
  const { radius } = kadidParametersOf('blur/lens', severity);
  return fromFloats(image, weightedMeans(toFloats(image), image.width, image.height, diskTaps(radius)));
};

/** The mean along a line in a random direction. */
export const motionBlur: Degradation = (image, severity, random) => {
  const { length } = kadidParametersOf('blur/motion', severity);
  const taps = lineTaps(length, 180 * random());
  return fromFloats(image, weightedMeans(toFloats(image), image.width, image.height, taps));
};
