import type { PresetName } from '../../src/index.js';
import type { Tolerance } from '../support/close.js';

/** One number list of ours beside the package's. */
export interface Comparison {
  readonly actual: ArrayLike<number> | number;
  readonly expected: ArrayLike<number> | number;
  readonly tolerance: Tolerance;
}

/** A case of a golden file: what to compare, or why it is not reproduced. */
export interface ParityCase {
  readonly file: string;
  /** The package's function or option, as listed in docs/parity.md. */
  readonly name: string;
  /** The preset that is put to the test, with what the case changes about it. */
  readonly preset?: PresetName;
  readonly run: () => Comparison[];
  /** Why our result is meant to differ; the case is listed, and `run` must still not throw. */
  readonly differs?: string;
}
