import seedrandom from 'seedrandom';
import type { DistortionClass } from '@q-insight/rewards';
import type { RgbImage } from '../../data/prompt.js';
import * as blur from './blur.js';
import { jpeg, jpeg2000 } from './compression.js';
import * as darken from './darken.js';
import * as noise from './noise.js';
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
  'darken/hsv-shift': darken.hsvShift,
  'darken/rgb-shift': darken.rgbShift,
  'darken/hsv-gamma': darken.hsvGamma,
  'darken/rgb-gamma': darken.rgbGamma,
  null: (image: RgbImage) => image,
} satisfies Record<string, AnyDegradation>;

/** A function of the DQ-495K ladder, `<class>/<function>`, or `null` for the image as it is. */
export type DegradationName = keyof typeof LADDER;

/** All names of the ladder. */
export const DEGRADATION_NAMES = Object.keys(LADDER) as DegradationName[];

/** What can be made here: the whole ladder without JPEG 2000. */
export const FULL_LADDER: readonly DegradationName[] = DEGRADATION_NAMES.filter(
  (name) => name !== 'compression/jpeg2000',
);

/** One plain function a class, for small models: Gaussian noise, Gaussian blur, JPEG, HSV darkening, and null. */
export const LITE_LADDER: readonly DegradationName[] = [
  'noise/gaussian-rgb',
  'blur/gaussian',
  'compression/jpeg',
  'darken/hsv-shift',
  'null',
];

/** The class a function belongs to. */
export function classOf(name: DegradationName): DistortionClass {
  return name.split('/')[0] as DistortionClass;
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
