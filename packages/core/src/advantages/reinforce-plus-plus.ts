import ndarray, { type NdArray } from 'ndarray';
import { readMask, shapeOf } from '../dense.js';
import type { GroupId, MaskMatrix, Matrix } from '../types.js';
import { checkLength } from '../checks.js';
import { groupAdvantagesAs } from './group.js';
import { normalizeFlat, type NormalizeOptions } from './normalize.js';
import type { GroupOptions } from './per-group.js';
import { type ReturnOptions, tokenReturns } from './returns.js';

/** Advantages a token, with the returns they were made from. */
export interface TokenAdvantages {
  /** [B, T]; 0 under mask 0. */
  readonly advantages: NdArray<Float64Array>;
  /** [B, T] before normalisation. */
  readonly returns: NdArray<Float64Array>;
}

/**
 * Discounted returns, normalised over all tokens of the batch (REINFORCE++): no groups needed.
 *
 * A_t = (R_t − mean) / sqrt(var + ε), R_t = Σ_{k≥t} γ^{k−t} r_k
 *
 * See REINFORCE++, arXiv 2501.03262. Defaults are verl's; OpenRLHF has `ddof: 0, epsilonTo: 'floor'`.
 *
 * @param rewards - [B, T] rewards a token; {@link tokenRewards} makes them from one a completion.
 * @param mask - [B, T]
 * @throws RangeError for unequal shapes.
 * @example
 * ```ts
 * const mask = ndarray(Float64Array.of(1, 1), [2, 1]);
 * const { advantages } = reinforcePlusPlusAdvantages(tokenRewards([1, 3], mask), mask, { ddof: 0 });
 * // advantages.data: [-1, 1]
 * ```
 */
export function reinforcePlusPlusAdvantages(
  rewards: Matrix,
  mask: MaskMatrix,
  options: ReturnOptions & NormalizeOptions = {},
): TokenAdvantages {
  const where = 'reinforcePlusPlusAdvantages';
  const returns = tokenReturns(rewards, mask, options);
  const normalized = normalizeFlat(where, returns.data.slice(), readMask(where, mask), options);
  return { advantages: ndarray(normalized, returns.shape), returns };
}

/**
 * Rewards centred in their group, then normalised over all tokens of the batch (REINFORCE++ with baseline). A long
 * completion weighs as many times as it has tokens in the batch's statistics.
 *
 * A_{i,t} = (sᵢ − mean) / sqrt(var + ε), sᵢ = rᵢ − mean_g
 *
 * See REINFORCE++, arXiv 2501.03262. Defaults are verl's.
 *
 * @param rewards - [B]; null and NaN are left out of means, their tokens have advantage 0 before normalisation.
 * @param groups - [B] ids.
 * @param mask - [B, T]
 * @throws RangeError for unequal lengths.
 * @example
 * ```ts
 * const mask = ndarray(Float64Array.of(1, 1), [2, 1]);
 * reinforcePlusPlusBaselineAdvantages([1, 3], ['a', 'a'], mask, { ddof: 0 }).advantages.data; // [-1, 1]
 * ```
 */
export function reinforcePlusPlusBaselineAdvantages(
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  mask: MaskMatrix,
  options: GroupOptions & NormalizeOptions = {},
): TokenAdvantages {
  const where = 'reinforcePlusPlusBaselineAdvantages';
  const [rows, columns] = shapeOf(where, 'mask', mask);
  checkLength(where, 'rewards', rewards.length, rows);
  const { singletons, tolerance } = options;
  const centred = groupAdvantagesAs(where, rewards, groups, { scale: 'none', singletons, tolerance }).advantages;
  const flatMask = readMask(where, mask);
  const returns = new Float64Array(rows * columns);
  for (let k = 0; k < returns.length; k++) if (flatMask[k] === 1) returns[k] = centred[Math.floor(k / columns)]!;
  const normalized = normalizeFlat(where, returns.slice(), flatMask, options);
  return { advantages: ndarray(normalized, [rows, columns]), returns: ndarray(returns, [rows, columns]) };
}
