/** Per-token estimators of KL(policy ‖ reference) from d = logps − refLogps; see {@link klEstimators}. */
export type KlEstimator = 'k1' | 'k2' | 'k3' | 'abs' | 'k1+' | 'k3+' | 'abs+';

/** An estimator: its value, and the gradient used for training. */
export interface KlTerm {
  /** Of d = logps − refLogps. */
  readonly value: (d: number) => number;
  /** The gradient followed, over logps. */
  readonly slope: (d: number) => number;
}

const k1: KlTerm = { value: (d) => d, slope: () => 1 };
const k2: KlTerm = { value: (d) => (d * d) / 2, slope: (d) => d };
// expm1 keeps the digits of small d, where exp(-d) - 1 would cancel
const k3: KlTerm = { value: (d) => Math.expm1(-d) + d, slope: (d) => -Math.expm1(-d) };
const abs: KlTerm = { value: (d) => Math.abs(d), slope: (d) => Math.sign(d) };

/**
 * Value and gradient of each estimator, with d = logps − refLogps of a sampled token.
 *
 * | name | value | gradient | |
 * |---|---|---|---|
 * | `k1` | d | 1 | unbiased value; as a loss its expected gradient is 0 |
 * | `k2` | d²/2 | d | unbiased gradient of the reverse KL |
 * | `k3` | e⁻ᵈ + d − 1 | 1 − e⁻ᵈ | never negative, low variance; GRPO's choice |
 * | `abs` | \|d\| | sign d | |
 * | `k1+`, `k3+`, `abs+` | of k1, k3, abs | of k2 | straight-through: the value to watch, the gradient to follow |
 *
 * See J. Schulman, "Approximating KL Divergence" (2020), joschu.net/blog/kl-approx.html; GRPO, arXiv 2402.03300, equation 4.
 *
 * @example
 * ```ts
 * klEstimators.k3.value(-0.3); // 0.0498588
 * klEstimators.k3.slope(-0.3); // -0.3498588
 * ```
 */
export const klEstimators: Readonly<Record<KlEstimator, KlTerm>> = {
  k1,
  k2,
  k3,
  abs,
  'k1+': { value: k1.value, slope: k2.slope },
  'k3+': { value: k3.value, slope: k2.slope },
  'abs+': { value: abs.value, slope: k2.slope },
};
