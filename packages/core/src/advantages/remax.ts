import ndarray from 'ndarray';
import { checkAllFinite, checkLength } from '../checks.js';
import { readMask, shapeOf } from '../dense.js';
import type { MaskMatrix, Matrix } from '../types.js';
import type { TokenAdvantages } from './reinforce-plus-plus.js';
import { type ReturnOptions, tokenReturns } from './returns.js';

/**
 * Returns over the reward of a greedy answer to the same prompt (ReMax).
 *
 * A_t = R_t − r_greedy
 *
 * See ReMax, arXiv 2310.10505.
 *
 * @param rewards - [B, T] rewards a token; {@link tokenRewards} makes them from one a completion.
 * @param mask - [B, T]
 * @param baselines - [B] reward of the greedy answer to each row's prompt.
 * @throws RangeError for unequal shapes, or numbers that are not finite.
 * @example
 * ```ts
 * const mask = ndarray(Float64Array.of(1, 1), [1, 2]);
 * remaxAdvantages(tokenRewards([3], mask), mask, [1]).advantages.data; // [2, 2]
 * ```
 */
export function remaxAdvantages(
  rewards: Matrix,
  mask: MaskMatrix,
  baselines: ArrayLike<number>,
  options: ReturnOptions = {},
): TokenAdvantages {
  const where = 'remaxAdvantages';
  const [rows, columns] = shapeOf(where, 'mask', mask);
  checkLength(where, 'baselines', baselines.length, rows);
  checkAllFinite(where, 'baselines', baselines);
  const returns = tokenReturns(rewards, mask, options);
  const counted = readMask(where, mask);
  const advantages = returns.data.map((r, k) => (counted[k] === 1 ? r - baselines[Math.floor(k / columns)]! : 0));
  return { advantages: ndarray(advantages, [rows, columns]), returns };
}
