import { goldenJson } from '../helpers/golden.js';

/** A fit by scipy's `curve_fit`, or that it raised an error. */
export type ScipyFit = { sse: number; plcc: number; srcc: number; rmse: number } | { error: string };

/** Ratings and labels with what scipy and scikit-learn say of them, to nine digits. */
export interface ScipyCase {
  readonly kind: string;
  readonly pred: number[];
  readonly mos: number[];
  readonly plcc: number;
  readonly srcc: number;
  readonly krccTauB: number;
  readonly rmse: number;
  readonly mae: number;
  readonly fit4: ScipyFit;
  readonly fit5: ScipyFit;
  readonly isotonicPlcc: number | 'NaN';
  readonly isotonic: number[];
  readonly ranksPred: number[];
  readonly ranksMos: number[];
}

export const scipyCases = goldenJson<{ cases: ScipyCase[] }>('iqa_eval.json').cases;
