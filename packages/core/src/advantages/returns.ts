import ndarray, { type NdArray } from 'ndarray';
import { checkAtLeast, checkFinite, checkLength, checkOneOf } from '../checks.js';
import { readMask, readMatrix, shapeOf } from '../dense.js';
import type { MaskMatrix, Matrix } from '../types.js';

/** Options of {@link tokenReturns}. */
export interface ReturnOptions {
  /** Discount of a token later. @defaultValue 1 */
  readonly gamma?: number | undefined;
  /**
   * At tokens that do not count in the middle of a row (tool output), the return is carried over to the tokens before, or
   * starts again at 0 (`reset`: a multi-turn bug of SkyRL, EasyR1 and old verl, kept for comparison). @defaultValue 'carry'
   */
  readonly gaps?: 'carry' | 'reset' | undefined;
}

/**
 * Rewards a token: each completion's reward on its last counted token, minus a KL penalty on each.
 *
 * r_{i,t} = [t last] rᵢ − β KL_{i,t}
 *
 * @param rewards - [B]
 * @param mask - [B, T]
 * @param kl - [B, T] KL of each token, from an estimator of {@link klEstimators}.
 * @param coefficient - β.
 * @returns [B, T]; a row without counted tokens has none.
 * @throws RangeError for unequal shapes, a negative coefficient, or a reward that is not finite in a row with counted tokens.
 * @example
 * ```ts
 * const mask = ndarray(Float64Array.of(1, 1, 0), [1, 3]);
 * tokenRewards([2], mask).data; // [0, 2, 0]
 * ```
 */
export function tokenRewards(
  rewards: ArrayLike<number>,
  mask: MaskMatrix,
  kl?: Matrix,
  coefficient = 1,
): NdArray<Float64Array> {
  const where = 'tokenRewards';
  const [rows, columns] = shapeOf(where, 'mask', mask);
  checkLength(where, 'rewards', rewards.length, rows);
  checkAtLeast(where, 'coefficient', coefficient, 0);
  const flatMask = readMask(where, mask);
  const out = new Float64Array(rows * columns);
  if (kl !== undefined) {
    const penalty = readMatrix(where, 'kl', kl, flatMask, rows, columns);
    for (let k = 0; k < out.length; k++) if (flatMask[k] === 1) out[k] = -coefficient * penalty[k]!;
  }
  for (let row = 0; row < rows; row++) {
    const last = flatMask.lastIndexOf(1, (row + 1) * columns - 1);
    if (last < row * columns) continue;
    checkFinite(where, `rewards[${row}]`, rewards[row]!);
    out[last]! += rewards[row]!;
  }
  return ndarray(out, [rows, columns]);
}

/**
 * Discounted sum of a row's rewards from each token on.
 *
 * R_t = r_t + γ R_{t+1}, over counted tokens
 *
 * @param rewards - [B, T] rewards a token.
 * @param mask - [B, T]
 * @returns [B, T]; 0 under mask 0.
 * @throws RangeError for unequal shapes or a negative discount.
 * @example
 * ```ts
 * const [r, mask] = [Float64Array.of(0, 0, 4), Float64Array.of(1, 1, 1)].map((x) => ndarray(x, [1, 3]));
 * tokenReturns(r!, mask!, { gamma: 0.5 }).data; // [1, 2, 4]
 * ```
 */
export function tokenReturns(rewards: Matrix, mask: MaskMatrix, options: ReturnOptions = {}): NdArray<Float64Array> {
  const where = 'tokenReturns';
  const { gamma = 1, gaps = 'carry' } = options;
  checkAtLeast(where, 'gamma', gamma, 0);
  checkOneOf(where, 'gaps', gaps, ['carry', 'reset']);
  const [rows, columns] = shapeOf(where, 'mask', mask);
  const flatMask = readMask(where, mask);
  const values = readMatrix(where, 'rewards', rewards, flatMask, rows, columns);
  for (let row = 0; row < rows; row++) {
    let running = 0;
    for (let k = (row + 1) * columns - 1; k >= row * columns; k--) {
      if (flatMask[k] === 1) running = values[k] = values[k]! + gamma * running;
      else if (gaps === 'reset') running = 0;
    }
  }
  return ndarray(values, [rows, columns]);
}
