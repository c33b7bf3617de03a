import { parametersIn, type Row } from '../parameters.js';

/**
 * The ladder of KADID-10k and KADIS-700k (Lin, Hosu and Saupe, QoMEX 2019): what each function is given at each severity, as
 * the Python port in ARNIQA (arXiv 2310.14918) has it; type 6, which ARNIQA lacks, as `imdist_generator.m` of KADIS-700k's code.
 * That code differs from ARNIQA in three rows: it compresses to a 400th in JPEG 2000's last (9), and orders mean shift and
 * contrast (18: .15, .08, 0, −.08, −.15; 25: .3, .15, 0, −.4, −.6) by value. Missing is denoising (15): Gaussian noise of variance
 * .01 to .15 through the DnCNN that comes with MATLAB. Some rows do not rise: mean shift changes its sign, contrast turns from
 * stronger to weaker, and the first row of mean shift and of saturation in Lab changes nothing.
 */
export const KADID_PARAMETERS = {
  'blur/gaussian': { sigma: [0.1, 0.5, 1, 2, 5] }, // 1
  'blur/lens': { radius: [1, 2, 4, 6, 8] }, // 2
  'blur/motion': { length: [1, 2, 4, 6, 10] }, // 3
  'colour/diffusion': { amount: [1, 3, 6, 8, 12] }, // 4
  'colour/shift': { amount: [1, 3, 6, 8, 12] }, // 5
  'colour/quantization': { colours: [64, 48, 32, 16, 8] }, // 6
  'saturate_weaken/hsv': { factor: [0.4, 0.2, 0.1, 0, -0.4] }, // 7
  'saturate_strengthen/lab': { factor: [1, 2, 3, 6, 9] }, // 8
  'compression/jpeg2000': { ratio: [16, 32, 45, 120, 170] }, // 9
  'compression/jpeg': { quality: [43, 36, 24, 7, 4] }, // 10
  'noise/white': { variance: [0.001, 0.002, 0.003, 0.005, 0.01] }, // 11
  'noise/white-ycbcr': { variance: [0.0001, 0.0005, 0.001, 0.002, 0.003] }, // 12
  'noise/impulse': { density: [0.001, 0.005, 0.01, 0.02, 0.03] }, // 13
  'noise/multiplicative': { variance: [0.001, 0.005, 0.01, 0.02, 0.05] }, // 14
  brighten: { amount: [0.1, 0.2, 0.4, 0.7, 1.1] }, // 16
  darken: { amount: [0.05, 0.1, 0.2, 0.4, 0.8] }, // 17
  mean_shift: { shift: [0, 0.08, -0.08, 0.15, -0.15] }, // 18
  jitter: { sigma: [0.05, 0.1, 0.2, 0.5, 1] }, // 19
  patches: { count: [20, 40, 60, 80, 100] }, // 20
  pixelate: { strength: [0.01, 0.05, 0.1, 0.2, 0.5] }, // 21
  quantization: { levels: [20, 16, 13, 10, 7] }, // 22
  colour_blocks: { count: [2, 4, 6, 8, 10] }, // 23
  oversharpen: { amount: [1, 2, 3, 6, 12] }, // 24
  contrast: { amount: [0, 0.15, -0.4, 0.3, -0.6] }, // 25
  null: {},
} as const satisfies Record<string, Readonly<Record<string, Row>>>;

/** A function of KADID-10k's ladder, or `null` for the image as it is. */
export type KadidName = keyof typeof KADID_PARAMETERS;

/** The parameters of one function at one severity, by name. */
export const kadidParametersOf = parametersIn(KADID_PARAMETERS);
