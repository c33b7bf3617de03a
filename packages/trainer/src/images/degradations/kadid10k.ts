import type { RgbImage } from '../../data/prompt.js';
import { jpegAtQuality } from './compression.js';
import { jpeg2000AtRatio } from './jpeg2000.js';
import * as blur from './kadid/blur.js';
import * as colour from './kadid/colour.js';
import { colourQuantization } from './kadid/colour-quantization.js';
import * as noise from './kadid/noise.js';
import { kadidParametersOf, type KadidName } from './kadid/parameters.js';
import * as places from './kadid/places.js';
import * as tones from './kadid/tones.js';
import type { AnyDegradation } from './samples.js';

/** Functions of KADID-10k's ladder, under DQ-495K's class where it has the class. */
export const KADID10K_FUNCTIONS = {
  'blur/gaussian': blur.gaussianBlur,
  'blur/lens': blur.lensBlur,
  'blur/motion': blur.motionBlur,
  'colour/diffusion': colour.colourDiffusion,
  'colour/shift': colour.colourShift,
  'colour/quantization': colourQuantization,
  'saturate_weaken/hsv': colour.hsvSaturation,
  'saturate_strengthen/lab': colour.labSaturation,
  'compression/jpeg2000': (image, severity) =>
    jpeg2000AtRatio(image, kadidParametersOf('compression/jpeg2000', severity).ratio),
  'compression/jpeg': (image, severity) =>
    jpegAtQuality(image, kadidParametersOf('compression/jpeg', severity).quality),
  'noise/white': noise.whiteNoise,
  'noise/white-ycbcr': noise.whiteNoiseYcbcr,
  'noise/impulse': noise.impulse,
  'noise/multiplicative': noise.multiplicative,
  brighten: tones.brighten,
  darken: tones.darken,
  mean_shift: tones.meanShift,
  jitter: places.jitter,
  patches: places.patches,
  pixelate: places.pixelate,
  quantization: places.quantization,
  colour_blocks: places.colourBlocks,
  oversharpen: tones.oversharpen,
  contrast: tones.contrast,
  null: (image: RgbImage) => image,
} satisfies Record<KadidName, AnyDegradation>;

/** All names of KADID-10k's ladder. */
export const KADID10K_LADDER = Object.keys(KADID10K_FUNCTIONS) as readonly KadidName[];
