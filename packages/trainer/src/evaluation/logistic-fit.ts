import { pearson, spearman } from './correlation.js';
import { levenbergMarquardt } from './levenberg-marquardt.js';
import { checkPairs, isConstant, mean } from './pairs.js';

/** A curve from ratings to labels, fitted to them. */
export interface LogisticFit {
  /** As in the formula, b1 first. A flat valley (usual with five) leaves them undetermined; compare curves, not these. */
  readonly parameters: readonly number[];
  /** The curve at each rating. */
  readonly fitted: readonly number[];
  /** Sum of squared differences of curve and label. */
  readonly sse: number;
  /** Root of their mean. */
  readonly rmse: number;
  /** Pearson's correlation of curve and label; null when the curve is flat, its spread below 1e-8 of the labels'. */
  readonly plcc: number | null;
  /** Spearman's, which differs from that of the ratings only where the curve is not rising. */
  readonly srcc: number | null;
  /** False when the search gave up after 10,000 evaluations: the curve is its last, and scipy would raise an error. */
  readonly converged: boolean;
}

type Curve = (x: number, parameters: readonly number[]) => number;

const fourParameter: Curve = (x, [b1, b2, b3, b4]) => (b1! - b2!) / (1 + Math.exp(-(x - b3!) / b4!)) + b2!;
const fiveParameter: Curve = (x, [b1, b2, b3, b4, b5]) =>
  b1! * (0.5 - 1 / (1 + Math.exp(b2! * (x - b3!)))) + b4! * x + b5!;

/**
 * The four-parameter logistic of IQA-PyTorch and DeQA-Score (VQEG's without the absolute value):
 *
 *   q(x) = (b1 - b2) / (1 + exp(-(x - b3) / b4)) + b2
 *
 * from the start [max y, min y, mean x, std x / 4] by Levenberg and Marquardt.
 *
 * @param x - ratings
 * @param y - labels
 * @returns null for fewer pairs than parameters, or when either side is constant, where there is nothing to fit.
 * @throws when the lengths differ or a value is not finite.
 */
export function fitLogistic4(x: readonly number[], y: readonly number[]): LogisticFit | null {
  checkPairs('fitLogistic4', x, y);
  const middle = mean(x);
  const deviation = Math.sqrt(mean(x.map((value) => (value - middle) ** 2)));
  return fit(fourParameter, [largest(y), smallest(y), middle, deviation / 4], x, y);
}

/**
 * The five-parameter logistic of Sheikh, Sabir and Bovik (2006, equation 8) from the start DBCNN's code uses, which
 * IQA-PyTorch and DeQA-Score took over:
 *
 *   q(x) = b1 (1/2 - 1 / (1 + exp(b2 (x - b3)))) + b4 x + b5,  from [10, 0, mean y, 0.1, 0.1]
 *
 * @param x - ratings
 * @param y - labels
 * @returns as {@link fitLogistic4}
 * @throws when the lengths differ or a value is not finite.
 */
export function fitLogistic5(x: readonly number[], y: readonly number[]): LogisticFit | null {
  checkPairs('fitLogistic5', x, y);
  return fit(fiveParameter, [10, 0, mean(y), 0.1, 0.1], x, y);
}

const largest = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), -Infinity);
const smallest = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b), Infinity);
const spread = (values: readonly number[]) => largest(values) - smallest(values);

function fit(curve: Curve, start: readonly number[], x: readonly number[], y: readonly number[]): LogisticFit | null {
  if (x.length < start.length || isConstant(x) || isConstant(y)) return null;
  const residuals = (p: readonly number[]) => Float64Array.from(x, (value, i) => curve(value, p) - y[i]!);
  const { parameters, residuals: left, converged } = levenbergMarquardt(residuals, start);
  const sse = left.reduce((sum, value) => sum + value * value, 0);
  const fitted = x.map((value) => curve(value, parameters));
  const flat = !(spread(fitted) > 1e-8 * spread(y)); // what is left is rounding, or not a number
  return {
    parameters,
    fitted,
    sse,
    rmse: Math.sqrt(sse / x.length),
    plcc: flat ? null : pearson(fitted, y),
    srcc: flat ? null : spearman(fitted, y),
    converged,
  };
}
