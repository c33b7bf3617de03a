import seedrandom from 'seedrandom';
import { DISTORTION_CLASSES, type DistortionClass } from '@q-insight/rewards';
import type { RgbImage } from '../../data/prompt.js';
import * as blur from './blur.js';
import * as brightness from './brightness.js';
import { jpeg, jpeg2000 } from './compression.js';
import { contrastScale, contrastStretch } from './contrast.js';
import { oversharpen, pixelate, quantizationHist } from './detail.js';
import * as noise from './noise.js';
import type { LadderName } from './parameters.js';
import { hsvSaturation, ycrcbSaturation } from './saturation.js';
import type { Severity } from './samples.js';

type AnyDegradation = (image: RgbImage, severity: Severity, random: () => number) => RgbImage | Promise<RgbImage>;

const LADDER = {
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
  'quantization/hist': quantizationHist,
  null: (image: RgbImage) => image,
} satisfies Record<LadderName, AnyDegradation>;

/** A function of the DQ-495K ladder, `<class>/<function>` (`<class>` where it has one), or `null` for the image as it is. */
export type DegradationName = LadderName;

/** All names of the ladder. */
export const DEGRADATION_NAMES = Object.keys(LADDER) as DegradationName[];

/** All that can be made here: without JPEG 2000, and of quantization only that by histogram. */
export const DQ495K_LADDER: readonly DegradationName[] = DEGRADATION_NAMES.filter(
  (name) => name !== 'compression/jpeg2000',
);

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
export function classOf(name: DegradationName): string {
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

/** What to do to an image. */
export interface DegradeOptions {
  readonly name: DegradationName;
  readonly severity: Severity;
  /** The same seed, image, name and severity give the same pixels (on one version of libjpeg for compression). */
  readonly seed: string;
}

/**
 * Degrades an image by one function of the ladder of DQ-495K, the data Q-Insight's degradation task is drawn from
 * (DepictQA-Wild, arXiv 2405.18842). Parameters per severity are those of its published code; random numbers are our
 * own, so images agree in distribution, not bit by bit.
 *
 * @returns a new image of the same size; the same image for `null`.
 * @throws for an unknown name or severity, and for `compression/jpeg2000`.
 */
export async function degrade(image: RgbImage, options: DegradeOptions): Promise<RgbImage> {
  const { name, severity, seed } = options;
  if (!Object.hasOwn(LADDER, name)) {
    throw new Error(`degrade: name must be one of ${DEGRADATION_NAMES.join(', ')}, got '${name}'`);
  }
  if (![1, 2, 3, 4, 5].includes(severity)) throw new Error(`degrade: severity must be 1 to 5, got ${severity}`);
  const random = seedrandom(seed);
  return (LADDER[name] as AnyDegradation)(image, severity, () => random.quick());
}
