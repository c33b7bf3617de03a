import seedrandom from 'seedrandom';
import type { RgbImage } from '../../data/prompt.js';
import { DQ495K_FUNCTIONS, DQ495K_LADDER, type DegradationName } from './dq495k.js';
import { KADID10K_FUNCTIONS, KADID10K_LADDER } from './kadid10k.js';
import { kadidParametersOf, type KadidName } from './kadid/parameters.js';
import { parametersOf } from './parameters.js';
import type { AnyDegradation, Severity } from './samples.js';

/** The ladders: that of DQ-495K (DepictQA-Wild, arXiv 2405.18842) and that of KADID-10k (Lin et al., QoMEX 2019). */
export const LADDERS = { dq495k: DQ495K_LADDER, kadid10k: KADID10K_LADDER } as const;
/** Name of a ladder. */
export type Ladder = keyof typeof LADDERS;

const FUNCTIONS = { dq495k: DQ495K_FUNCTIONS, kadid10k: KADID10K_FUNCTIONS } as const;

/** What to do to an image. */
export interface DegradeOptions {
  /** Whose functions and parameters. @defaultValue 'dq495k' */
  readonly ladder?: Ladder;
  /** A function of the ladder, or `null`. */
  readonly name: DegradationName | KadidName;
  readonly severity: Severity;
  /** The same seed, image, name and severity give the same pixels (for JPEG: on one version of libjpeg). */
  readonly seed: string;
}

/**
 * Degrades an image by one function of a ladder. Parameters per severity are those of the published code; random numbers
 * are our own, so images agree in distribution, not bit by bit.
 *
 * @returns a new image of the same size; the same image for `null`.
 * @throws for an unknown name or severity, and for an image too small for the function.
 * @example
 * ```ts
 * const image = { name: 'grey', width: 2, height: 1, data: Uint8Array.of(100, 100, 100, 200, 200, 200) };
 * const { data } = await degrade(image, { name: 'darken/rgb-shift', severity: 1, seed: '0' });
 * data; // [74, 74, 74, 174, 174, 174]: a tenth of the full scale less
 * ```
 */
export async function degrade(image: RgbImage, options: DegradeOptions): Promise<RgbImage> {
  const { ladder = 'dq495k', name, severity, seed } = options;
  const functions = FUNCTIONS[ladder] as Readonly<Record<string, AnyDegradation>>;
  if (!Object.hasOwn(functions, name)) {
    throw new Error(`degrade: name must be one of ${Object.keys(functions).join(', ')}, got '${name}'`);
  }
  if (![1, 2, 3, 4, 5].includes(severity)) throw new Error(`degrade: severity must be 1 to 5, got ${severity}`);
  const random = seedrandom(seed);
  return functions[name]!(image, severity, () => random.quick());
}

/** What a function of a ladder is given at a severity, by name. */
export function degradationParameters({ ladder = 'dq495k', name, severity }: Omit<DegradeOptions, 'seed'>) {
  return ladder === 'dq495k'
    ? parametersOf(name as DegradationName, severity)
    : kadidParametersOf(name as KadidName, severity);
}
