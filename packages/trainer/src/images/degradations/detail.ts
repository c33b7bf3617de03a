import { resizeImage } from '../resize.js';
import { separable } from './convolve.js';
import { parametersOf } from './parameters.js';
import { withData, type Degradation } from './samples.js';

/** OpenCV's 5-tap Gaussian (sigma 1.1 by its rule for this width, in its exact short form). */
const KERNEL = Float64Array.of(1, 4, 6, 4, 1).map((weight) => weight / 16);

/** Unsharp masking far too strong: image + amount (image - blurred), blurred in 8 bits. */
export const oversharpen: Degradation = (image, severity) => {
  const { amount } = parametersOf('oversharpen', severity);
  const blurred = separable(Float64Array.from(image.data), image.width, image.height, KERNEL, 'reflect101');
  return withData(
    image,
    image.data.map((value, i) => Math.min(255, Math.max(0, Math.round((1 + amount) * value - amount * Math.round(blurred[i]!))))), // prettier-ignore
  );
};

/** Reduced by means over boxes, enlarged by repetition, both as Pillow does. */
export const pixelate: Degradation = (image, severity) => {
  const { scale } = parametersOf('pixelate', severity);
  const [width, height] = [Math.floor(image.width * scale), Math.floor(image.height * scale)];
  if (width < 1 || height < 1) throw new Error(`pixelate: ${image.name}: ${image.width}x${image.height} is too small`);
  return resizeImage(resizeImage(image, width, height, 'box'), image.width, image.height, 'nearest');
};
