import { parametersOf } from './parameters.js';
import { mapSamples, withData, type Degradation } from './samples.js';

type Direction = 'contrast_strengthen' | 'contrast_weaken';

/**
 * Every sample's distance from the image's mean brightness times a factor: Pillow's ImageEnhance.Contrast, whose mean is
 * of its 8-bit grey (299 R + 587 G + 114 B in thousandths) and rounded to a whole level.
 */
export const contrastScale =
  (direction: Direction): Degradation =>
  (image, severity) => {
    const { factor } = parametersOf(`${direction}/scale`, severity);
    const { data } = image;
    let sum = 0;
    for (let i = 0; i < data.length; i += 3) {
      sum += (data[i]! * 19595 + data[i + 1]! * 38470 + data[i + 2]! * 7471 + 0x8000) >> 16; // Pillow's grey
    }
    const middle = Math.floor(sum / (data.length / 3) + 0.5);
    const single = Math.fround(factor); // Pillow blends in float32
    return withData(
      image,
      data.map((value) =>
        Math.min(255, Math.max(0, Math.trunc(Math.fround(middle + Math.fround(single * (value - middle)))))),
      ),
    );
  };

/** A logistic curve around each colour's mean m, in logarithms: v becomes 1 / (1 + (m / v)^factor). */
export const contrastStretch =
  (direction: Direction): Degradation =>
  (image, severity) => {
    const { factor } = parametersOf(`${direction}/stretch`, severity);
    const means = [0, 0, 0];
    image.data.forEach((value, i) => (means[i % 3]! += value / 255));
    const pixels = image.data.length / 3;
    return mapSamples(image, (value, i) => 1 / (1 + (means[i % 3]! / pixels / (value + 1e-12)) ** factor));
  };
