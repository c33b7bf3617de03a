import { DISTORTION_CLASSES, type DistortionClass } from '@q-insight/rewards';
import type { RgbImage } from '../../data/prompt.js';
import * as blur from './blur.js';
import * as brightness from './brightness.js';
import { jpeg, jpeg2000 } from './compression.js';
import { contrastScale, contrastStretch } from './contrast.js';
import { oversharpen, pixelate } from './detail.js';
import * as noise from './noise.js';
import type { LadderName } from './parameters.js';
import { quantizationHist, quantizationMedian, quantizationOtsu } from './quantization.js';
import { hsvSaturation, ycrcbSaturation } from './saturation.js';
import type { AnyDegradation } from './samples.js';

/** Functions of DQ-495K's ladder. */
export const DQ495K_FUNCTIONS = {
  'noise/gaussian-rgb': noise.gaussianRgb,
  'noise/gaussian-ycrcb': noise.gaussianYcrcb,
  'noise/speckle': noise.speckle,
  'noise/spatially-correlated': noise.spatiallyCorrelated,
  'noise/poisson': noise.poissonNoise,
  'noise/impulse': noise.impulse,
  'blur/gaussian': blur.gaussianBlur,
  'blur/motion': blur.motion,
  'blur/glass': blur.glass,
  'blur/lens': blur.lens,
  'blur/zoom': blur.zoom,
  'blur/jitter': blur.jitter,
  'compression/jpeg': jpeg,
  'compression/jpeg2000': jpeg2000,
  'darken/hsv-shift': brightness.hsvShift('darken'),
  'darken/rgb-shift': brightness.rgbShift('darken'),
  'darken/hsv-gamma': brightness.hsvGamma('darken'),
  'darken/rgb-gamma': brightness.rgbGamma('darken'),
  'brighten/hsv-shift': brightness.hsvShift('brighten'),
  'brighten/rgb-shift': brightness.rgbShift('brighten'),
  'brighten/hsv-gamma': brightness.hsvGamma('brighten'),
  'brighten/rgb-gamma': brightness.rgbGamma('brighten'),
  'contrast_strengthen/scale': contrastScale('contrast_strengthen'),
  'contrast_strengthen/stretch': contrastStretch('contrast_strengthen'),
  'contrast_weaken/scale': contrastScale('contrast_weaken'),
  'contrast_weaken/stretch': contrastStretch('contrast_weaken'),
  'saturate_strengthen/hsv': hsvSaturation('saturate_strengthen'),
  'saturate_strengthen/ycrcb': ycrcbSaturation('saturate_strengthen'),
  'saturate_weaken/hsv': hsvSaturation('saturate_weaken'),
  'saturate_weaken/ycrcb': ycrcbSaturation('saturate_weaken'),
  oversharpen,
  pixelate,
  'quantization/otsu': quantizationOtsu,
  'quantization/median': quantizationMedian,
  'quantization/hist': quantizationHist,
  null: (image: RgbImage) => image,
} satisfies Record<LadderName, AnyDegradation>;

/** A function of the DQ-495K ladder, `<class>/<function>` (`<class>` where it has one), or `null` for the image as it is. */
export type DegradationName = LadderName;

/** All names of DQ-495K's ladder. */
export const DQ495K_LADDER = Object.keys(DQ495K_FUNCTIONS) as readonly DegradationName[];

/** Those of the classes that Q-Insight's question names. */
export const FULL_LADDER: readonly DegradationName[] = DQ495K_LADDER.filter((name) =>
  (DISTORTION_CLASSES as readonly string[]).includes(classOf(name)),
);

/** One plain function a class, for small models: Gaussian noise, Gaussian blur, JPEG, HSV darkening, and null. */
export const LITE_LADDER: readonly DegradationName[] = [
  'noise/gaussian-rgb',
  'blur/gaussian',
  'compression/jpeg',
  'darken/hsv-shift',
  'null',
];

/** The class a function belongs to, as DQ-495K spells it. */
export function classOf(name: string): string {
  return name.split('/')[0]!;
}

/**
 * The class of a function, in the words of Q-Insight's question.
 * @throws for a function of another class.
 */
export function distortionClassOf(name: DegradationName): DistortionClass {
  const known = DISTORTION_CLASSES.find((one) => one === classOf(name));
  if (known === undefined) throw new Error(`'${name}' is of a class that the degradation question does not name`);
  return known;
}
