import type { Severity } from './samples.js';

/** A parameter's value at severities 1 to 5. */
export type Row = readonly [number, number, number, number, number];

/**
 * The ladder of DQ-495K: what each function is given at each severity (DepictQA-Wild, arXiv 2405.18842, with the numbers of
 * its published code). Deviations are shares of the full scale, lengths pixels.
 */
export const PARAMETERS = {
  'noise/gaussian-rgb': { sigma: [0.05, 0.1, 0.15, 0.2, 0.25] },
  'noise/gaussian-ycrcb': { sigmaY: [0.05, 0.06, 0.07, 0.08, 0.09], colour: [1, 1.45, 1.9, 2.35, 2.8] },
  'noise/speckle': { sigma: [0.14, 0.21, 0.28, 0.35, 0.42] },
  'noise/spatially-correlated': { sigma: [0.08, 0.11, 0.14, 0.18, 0.22] },
  'noise/poisson': { factor: [80, 60, 40, 25, 15] },
  'noise/impulse': { amount: [0.01, 0.03, 0.05, 0.07, 0.1] },
  'blur/gaussian': { sigma: [1, 2, 3, 4, 5] },
  'blur/motion': { radius: [5, 10, 15, 15, 20], sigma: [3, 5, 7, 9, 12] },
  'blur/glass': { sigma: [0.7, 0.9, 1.2, 1.4, 1.6], shift: [1, 2, 2, 3, 4], passes: [1, 1, 2, 2, 2] },
  'blur/lens': { radius: [2, 3, 4, 6, 8] },
  'blur/zoom': { end: [1.03, 1.06, 1.1, 1.15, 1.21] },
  'blur/jitter': { shift: [1, 2, 3, 4, 5] },
  'compression/jpeg': { quality: [25, 18, 12, 8, 5] },
  'compression/jpeg2000': { psnr: [29, 27.5, 26, 24.5, 23] },
  'darken/hsv-shift': { shift: [0.1, 0.2, 0.3, 0.4, 0.5] },
  'darken/rgb-shift': { shift: [0.1, 0.15, 0.2, 0.27, 0.35] },
  'darken/hsv-gamma': { gamma: [1.5, 1.8, 2.2, 2.7, 3.5] },
  'darken/rgb-gamma': { gamma: [1.4, 1.7, 2.1, 2.6, 3.2] },
  'brighten/hsv-shift': { shift: [0.1, 0.2, 0.3, 0.4, 0.5] },
  'brighten/rgb-shift': { shift: [0.1, 0.15, 0.2, 0.27, 0.35] },
  'brighten/hsv-gamma': { gamma: [0.7, 0.58, 0.47, 0.36, 0.25] },
  'brighten/rgb-gamma': { gamma: [0.8, 0.7, 0.6, 0.45, 0.3] },
  'contrast_strengthen/scale': { factor: [1.4, 1.7, 2.1, 2.6, 4] },
  'contrast_strengthen/stretch': { factor: [2, 4, 6, 8, 10] },
  'contrast_weaken/scale': { factor: [0.75, 0.6, 0.45, 0.3, 0.2] },
  'contrast_weaken/stretch': { factor: [1, 0.9, 0.8, 0.6, 0.4] },
  'saturate_strengthen/hsv': { factor: [3, 6, 12, 20, 64] },
  'saturate_strengthen/ycrcb': { factor: [2, 3, 5, 8, 16] },
  'saturate_weaken/hsv': { factor: [0.7, 0.55, 0.4, 0.2, 0] },
  'saturate_weaken/ycrcb': { factor: [0.6, 0.4, 0.2, 0.1, 0] },
  oversharpen: { amount: [2, 2.8, 4, 6, 8] },
  pixelate: { scale: [0.5, 0.4, 0.3, 0.25, 0.2] },
  'quantization/otsu': { classes: [15, 11, 8, 5, 3] },
  'quantization/median': { colours: [20, 15, 10, 6, 3] },
  'quantization/hist': { bins: [24, 16, 8, 6, 4] },
  null: {},
} as const satisfies Record<string, Readonly<Record<string, Row>>>;

/** A function of the ladder that has parameters, or `null`. */
export type LadderName = keyof typeof PARAMETERS;

/** The parameters of one function at one severity, by name. */
export const parametersOf = parametersIn(PARAMETERS);

/** Looks up a table's parameters of one function at one severity. */
export function parametersIn<Table extends Readonly<Record<string, Readonly<Record<string, Row>>>>>(table: Table) {
  return <Name extends keyof Table>(name: Name, severity: Severity): Readonly<Record<keyof Table[Name], number>> =>
    Object.fromEntries(Object.entries(table[name]!).map(([key, row]) => [key, row[severity - 1]!])) as never;
}
