import { separable } from '../convolve.js';
import { fromFloats, mapSamples, toFloats, type Degradation } from '../samples.js';
import { contrastCurve, parabola } from './curves.js';
import { gaussianWeights } from './kernels.js';
import { fromLab, mapTriples, toLab } from './lab.js';
import { kadidParametersOf } from './parameters.js';

/** The middle raised along a parabola: two thirds in RGB, one third in the lightness of Lab. */
export const brighten: Degradation = (image, severity) => {
  const curve = parabola(0.5 + kadidParametersOf('brighten', severity).amount / 2);
  return fromFloats(
    image,
    mapTriples(toFloats(image), (pixel) => {
      const [lightness, a, b] = toLab(pixel);
      const light = fromLab([100 * curve(lightness / 100), a, b]);
      return pixel.map((value, c) => (2 * curve(value) + light[c]!) / 3) as [number, number, number];
    }),
  );
};

/** The middle lowered along a parabola. */
export const darken: Degradation = (image, severity) => {
  const curve = parabola(0.5 - kadidParametersOf('darken', severity).amount / 2);
  return mapSamples(image, curve);
};

/** The same amount added to all samples. */
export const meanShift: Degradation = (image, severity) => {
  const { shift } = kadidParametersOf('mean_shift', severity);
  return mapSamples(image, (value) => value + shift);
};

/** An S-shaped curve around the middle, or its opposite. */
export const contrast: Degradation = (image, severity) => {
  const curve = contrastCurve(0.25 - kadidParametersOf('contrast', severity).amount / 4);
  return mapSamples(image, curve);
};

/** Unsharp masking of the lightness of Lab, over a Gaussian of 3 pixels, as MATLAB's `imsharpen`. */
export const oversharpen: Degradation = (image, severity) => {
  const { amount } = kadidParametersOf('oversharpen', severity);
  const lab = mapTriples(toFloats(image), toLab);
  const blurred = separable(lab, image.width, image.height, gaussianWeights(3, 6), 'nearest');
  let i = 0;
  const values = mapTriples(lab, ([lightness, a, b]) => {
    const smooth = blurred[i]!;
    i += 3;
    return fromLab([lightness + amount * (lightness - smooth), a, b]);
  });
  return fromFloats(image, values);
};
