import ndarray, { type NdArray } from 'ndarray';
import { checkAtLeast, checkOneOf, checkPositive } from '../checks.js';
import { readMask, readMatrix, shapeOf } from '../dense.js';
import type { MaskMatrix, Matrix } from '../types.js';
import { type KlEstimator, klEstimators } from './estimators.js';

/** The KL term of the loss. */
export interface KlOptions {
  /** β: the term is β · KL. At 0 nothing is computed. @defaultValue 0 */
  readonly coefficient?: number | undefined;
  /** @defaultValue 'k3' */
  readonly estimator?: KlEstimator | undefined;
  /**
   * `ratio` multiplies each token's KL by its importance ratio, with the gradient through both, which removes the bias of
   * tokens drawn from an older policy (DeepSeek-V3.2; TRL's default since 1.0). @defaultValue 'none'
   */
  readonly weighting?: 'none' | 'ratio' | undefined;
  /** d is held within ±clamp, so that exp(−d) stays finite. @defaultValue 20 */
  readonly clamp?: number | undefined;
  /** The value is held within ±valueClamp. @defaultValue Infinity (off) */
  readonly valueClamp?: number | undefined;
  /**
   * What a clamp does to the gradient: `keep` gives the slope at the clamped d, so that a runaway policy is still pulled
   * back; `zero` is what automatic differentiation of a clamp gives (verl, SkyRL, ms-swift). @defaultValue 'keep'
   */
  readonly clampGradient?: 'keep' | 'zero' | undefined;
}

/** What {@link tokenKl} returns; 0 under mask 0. */
export interface TokenKl {
  /** [B, T] */
  readonly values: NdArray<Float64Array>;
  /** [B, T] over logps. */
  readonly slopes: NdArray<Float64Array>;
}

/**
 * KL of each token, as it would enter the loss before its coefficient; for a KL penalty in the reward, or to log.
 *
 * See {@link klEstimators} for the formulas.
 *
 * @param logps - [B, T] under the policy.
 * @param refLogps - [B, T] under the reference.
 * @param mask - [B, T]
 * @param options - as in the loss; `coefficient` and `weighting` have no effect here.
 * @returns [B, T] values, and slopes over logps; 0 under mask 0.
 * @throws RangeError for unequal shapes or an unknown estimator.
 * @example
 * ```ts
 * const at = (x: number) => ndarray(Float64Array.of(x), [1, 1]);
 * tokenKl(at(-1.2), at(-0.9), at(1)).values.data; // [0.0498588]
 * ```
 */
export function tokenKl(logps: Matrix, refLogps: Matrix, mask: MaskMatrix, options: KlOptions = {}): TokenKl {
  const where = 'tokenKl';
  const [rows, columns] = shapeOf(where, 'mask', mask);
  const flat = readMask(where, mask);
  const policy = readMatrix(where, 'logps', logps, flat, rows, columns);
  const reference = readMatrix(where, 'refLogps', refLogps, flat, rows, columns);
  checkKlOptions(options);
  const terms = emptyKlTerms(flat.length);
  klTerms(policy, reference, flat, options, terms);
  const { value, slope } = terms;
  return { values: ndarray(value, [rows, columns]), slopes: ndarray(slope, [rows, columns]) };
}

/** @internal Per-token KL and its slope over logps, both before β, weights and ratio. */
export interface KlTerms {
  readonly value: Float64Array;
  readonly slope: Float64Array;
}

/** @internal Arrays for the terms of so many tokens. */
export const emptyKlTerms = (tokens: number): KlTerms => ({
  value: new Float64Array(tokens),
  slope: new Float64Array(tokens),
});

/** @internal Fills `out` with the KL of each token that counts, [B*T]; the options are checked already. */
export function klTerms(
  logps: Float64Array,
  refLogps: Float64Array,
  mask: Uint8Array,
  options: KlOptions,
  out: KlTerms,
): void {
  const { estimator = 'k3', clamp = 20, valueClamp = Infinity, clampGradient = 'keep' } = options;
  const term = klEstimators[estimator];
  const { value, slope } = out;
  for (let k = 0; k < mask.length; k++) {
    if (mask[k] === 0) continue;
    const raw = logps[k]! - refLogps[k]!;
    const d = Math.min(clamp, Math.max(-clamp, raw));
    // k3, the usual one, has one transcendental function for both
    const gap = estimator === 'k3' ? Math.expm1(-d) : 0;
    const kl = estimator === 'k3' ? gap + d : term.value(d);
    value[k] = Math.min(valueClamp, Math.max(-valueClamp, kl));
    const held = d !== raw || value[k] !== kl;
    slope[k] = held && clampGradient === 'zero' ? 0 : estimator === 'k3' ? -gap : term.slope(d);
  }
}

/** @internal */
export function checkKlOptions(options: KlOptions): void {
  const where = 'grpoLoss';
  checkAtLeast(where, 'kl.coefficient', options.coefficient ?? 0, 0);
  checkOneOf(where, 'kl.estimator', options.estimator ?? 'k3', Object.keys(klEstimators));
  checkOneOf(where, 'kl.weighting', options.weighting ?? 'none', ['none', 'ratio']);
  checkOneOf(where, 'kl.clampGradient', options.clampGradient ?? 'keep', ['keep', 'zero']);
  checkPositive(where, 'kl.clamp', options.clamp ?? 20);
  checkPositive(where, 'kl.valueClamp', options.valueClamp ?? Infinity);
}
