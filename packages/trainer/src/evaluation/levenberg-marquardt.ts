import { norm, triangularize } from './qr.js';
import { trustRegionStep } from './trust-region.js';

/** Options of {@link levenbergMarquardt}, with the defaults of scipy's `curve_fit`. */
export interface LevenbergMarquardtOptions {
  /** Stop when the sum of squares falls, and is foretold to fall, by no more than this share. @defaultValue 1.49012e-8 */
  readonly ftol?: number;
  /** Stop when the trust region is this small beside the parameters. @defaultValue 1.49012e-8 */
  readonly xtol?: number;
  /** Most evaluations of the residuals. @defaultValue 10000 */
  readonly maxEvaluations?: number;
}

/** What {@link levenbergMarquardt} finds. */
export interface LeastSquares {
  readonly parameters: readonly number[];
  /** At these parameters. */
  readonly residuals: Float64Array;
  /** False when it ran out of evaluations, or no step could lower the sum. */
  readonly converged: boolean;
}

const EPSILON = Number.EPSILON;

/**
 * Nonlinear least squares by Levenberg and Marquardt in Moré's form ("The Levenberg-Marquardt algorithm: implementation
 * and theory", 1978): scaled trust region, differences ahead for the Jacobian. The steps are those of MINPACK's `lmdif`,
 * which scipy's `curve_fit` calls, because a logistic fit has several minima, and figures can only be compared when both
 * sides walk from the same start into the same one.
 *
 * @param residuals - m >= n numbers for n parameters
 * @param start - n numbers
 */
export function levenbergMarquardt(
  residuals: (parameters: readonly number[]) => Float64Array,
  start: readonly number[],
  options: LevenbergMarquardtOptions = {},
): LeastSquares {
  const { ftol = 1.49012e-8, xtol = 1.49012e-8, maxEvaluations = 10_000 } = options;
  let x = [...start];
  let current = residuals(x);
  let length = norm(current);
  let evaluations = 1;
  let damping = 0;
  let scale: number[] | undefined;
  let radius = 0;
  const done = (converged: boolean): LeastSquares => ({ parameters: x, residuals: current, converged });

  for (;;) {
    const triangle = triangularize(jacobian(residuals, x, current), current.slice(), 'largest');
    evaluations += x.length;
    const first = scale === undefined;
    scale = triangle.norms.map((value, j) => (scale === undefined ? value || 1 : Math.max(scale[j]!, value)));
    if (first) radius = 100 * norm(scaled(scale, x)) || 100;
    const slope = steepest(triangle, length);
    if (slope === 0) return done(true);

    for (let ratio = 0; ratio < 1e-4;) {
      const trial = trustRegionStep(triangle, scale, radius, damping);
      damping = trial.damping;
      const moved = x.map((value, j) => value - trial.step[j]!);
      const stepLength = norm(scaled(scale, trial.step));
      if (first && evaluations === 1 + x.length) radius = Math.min(radius, stepLength);
      const next = residuals(moved);
      evaluations += 1;
      const nextLength = norm(next);

      const fall = 0.1 * nextLength < length ? 1 - (nextLength / length) ** 2 : -1;
      const linear = (trial.linearLength / length) ** 2;
      const damped = damping * (stepLength / length) ** 2;
      const foretold = linear + 2 * damped;
      const direction = -(linear + damped);
      ratio = foretold === 0 ? 0 : fall / foretold;
      if (!(ratio > 0.25)) {
        let shrink = fall >= 0 ? 0.5 : (0.5 * direction) / (direction + 0.5 * fall);
        if (!(0.1 * nextLength < length) || shrink < 0.1) shrink = 0.1;
        radius = shrink * Math.min(radius, stepLength / 0.1);
        damping /= shrink;
      } else if (damping === 0 || ratio >= 0.75) {
        radius = stepLength / 0.5;
        damping *= 0.5;
      }
      if (ratio >= 1e-4) [x, current, length] = [moved, next, nextLength];

      const size = norm(scaled(scale, x));
      const settled = (tolerance: number) => Math.abs(fall) <= tolerance && foretold <= tolerance && ratio <= 2;
      if (settled(ftol) || radius <= xtol * size) return done(true);
      if (evaluations >= maxEvaluations || settled(EPSILON) || radius <= EPSILON * size || slope <= EPSILON)
        return done(false);
      if (!Number.isFinite(radius)) return done(false);
    }
  }
}

const scaled = (scale: readonly number[], x: readonly number[]) => x.map((value, j) => scale[j]! * value);

/** Columns of the Jacobian by differences ahead. */
function jacobian(
  residuals: (parameters: readonly number[]) => Float64Array,
  x: readonly number[],
  current: Float64Array,
): Float64Array[] {
  return x.map((value, j) => {
    const step = Math.sqrt(EPSILON) * Math.abs(value) || Math.sqrt(EPSILON);
    const ahead = residuals(x.map((other, k) => (k === j ? other + step : other)));
    return ahead.map((residual, i) => (residual - current[i]!) / step);
  });
}

/** The largest cosine between the residuals and a column of the Jacobian: 0 at a minimum. */
function steepest({ r, qtb, order, norms }: ReturnType<typeof triangularize>, length: number): number {
  if (length === 0) return 0;
  const cosines = r.map((column, j) => {
    const columnLength = norms[order[j]!]!;
    const dot = column.reduce((sum, value, i) => sum + value * (qtb[i]! / length), 0);
    return columnLength === 0 ? 0 : Math.abs(dot / columnLength);
  });
  return Math.max(...cosines);
}
