import ndarray from 'ndarray';
import { checkAtLeast } from '../checks.js';
import { readMask, readMatrix, shapeOf } from '../dense.js';
import type { MaskMatrix, Matrix } from '../types.js';
import { normalizeFlat, type NormalizeOptions } from './normalize.js';
import type { TokenAdvantages } from './reinforce-plus-plus.js';

/** Options of {@link generalizedAdvantages}. */
export interface GeneralizedAdvantageOptions extends NormalizeOptions {
  /** Discount. @defaultValue 1 */
  readonly gamma?: number | undefined;
  /** λ: 1 trusts returns, 0 trusts the value function. @defaultValue 1 */
  readonly lambda?: number | undefined;
}

/**
 * Generalised advantage estimation with a value function, normalised over the batch; for comparison with critic-free GRPO.
 *
 * δ_t = r_t + γ V_{t+1} − V_t, A_t = δ_t + γλ A_{t+1}, over counted tokens; then (A − mean) / sqrt(var + ε)
 *
 * See Schulman et al., arXiv 1506.02438, equation 16.
 *
 * @param rewards - [B, T] rewards a token.
 * @param values - [B, T] value estimates.
 * @param mask - [B, T]
 * @returns normalised advantages, and returns A + V.
 * @throws RangeError for unequal shapes.
 * @example
 * ```ts
 * const [r, v, mask] = [[0, 1], [0.5, 0.5], [1, 1]].map((x) => ndarray(Float64Array.from(x), [1, 2]));
 * generalizedAdvantages(r!, v!, mask!, { scale: 'none' }).returns.data; // [1, 1]
 * ```
 */
export function generalizedAdvantages(
  rewards: Matrix,
  values: Matrix,
  mask: MaskMatrix,
  options: GeneralizedAdvantageOptions = {},
): TokenAdvantages {
  const where = 'generalizedAdvantages';
  const { gamma = 1, lambda = 1 } = options;
  checkAtLeast(where, 'gamma', gamma, 0);
  checkAtLeast(where, 'lambda', lambda, 0);
  const [rows, columns] = shapeOf(where, 'mask', mask);
  const counted = readMask(where, mask);
  const reward = readMatrix(where, 'rewards', rewards, counted, rows, columns);
  const value = readMatrix(where, 'values', values, counted, rows, columns);
  const advantages = new Float64Array(rows * columns);
  const returns = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    let [nextValue, nextAdvantage] = [0, 0];
    for (let k = (row + 1) * columns - 1; k >= row * columns; k--) {
      if (counted[k] === 0) continue;
      nextAdvantage = reward[k]! + gamma * nextValue - value[k]! + gamma * lambda * nextAdvantage;
      nextValue = value[k]!;
      advantages[k] = nextAdvantage;
      returns[k] = nextAdvantage + nextValue;
    }
  }
  normalizeFlat(where, advantages, counted, options);
  return { advantages: ndarray(advantages, [rows, columns]), returns: ndarray(returns, [rows, columns]) };
}
