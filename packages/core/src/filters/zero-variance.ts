import { checkAtLeast, checkLength, checkOneOf } from '../checks.js';
import { readMask, shapeOf } from '../dense.js';
import { groupMembers, isConstant, readRewards } from '../advantages/grouping.js';
import ndarray, { type NdArray } from 'ndarray';
import type { GroupId, MaskMatrix } from '../types.js';

/**
 * What to do with completions of groups whose rewards are all equal. Their advantage is 0, so they never move the policy loss;
 * what is decided is whether they dilute its mean, and whether the KL still acts on them.
 *
 * - `keep`: they count in every denominator (TRL, verl).
 * - `mask-policy`: they leave the policy loss and its denominators; the KL acts on them as on all.
 * - `mask-all`: they leave the loss altogether.
 * - `drop`: as `mask-all`, and their rows need not be computed at all: see `rows`.
 */
export type ZeroVariancePolicy = 'keep' | 'mask-policy' | 'mask-all' | 'drop';

/** What is left of a batch by {@link filterZeroVariance}. */
export interface ZeroVarianceFilter {
  /** Rows to compute, in order. */
  readonly rows: number[];
  /** [B, T] mask of the loss: give it to `grpoLoss` and `aggregationWeights`. */
  readonly mask: NdArray<Float64Array>;
  /** [B, T] mask of the policy loss; `aggregationWeights` of it are the batch's `policyWeights`. */
  readonly policyMask: NdArray<Float64Array>;
  /** Rows of groups that teach nothing: constant, single, or without a scorable member. */
  readonly deadRows: number[];
}

/**
 * Masks, by one of four policies, for completions of groups without any difference in reward.
 *
 * @param rewards - [B]; null and NaN are left out.
 * @param groups - [B] ids.
 * @param mask - [B, T]
 * @throws RangeError for unequal lengths, an unknown policy, or a negative tolerance.
 * @example
 * ```ts
 * const mask = ndarray(Float64Array.of(1, 1, 1, 1), [4, 1]);
 * filterZeroVariance([1, 1, 0, 1], ['a', 'a', 'b', 'b'], mask, 'drop').rows; // [2, 3]
 * ```
 */
export function filterZeroVariance(
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  mask: MaskMatrix,
  policy: ZeroVariancePolicy,
  options: { readonly tolerance?: number } = {},
): ZeroVarianceFilter {
  const where = 'filterZeroVariance';
  checkOneOf(where, 'policy', policy, ['keep', 'mask-policy', 'mask-all', 'drop']);
  const [rows, columns] = shapeOf(where, 'mask', mask);
  checkLength(where, 'rewards', rewards.length, rows);
  const { tolerance = 1e-12 } = options;
  checkAtLeast(where, 'tolerance', tolerance, 0);
  const values = readRewards(where, rewards, groups);
  const flat = Float64Array.from(readMask(where, mask));
  const dead = groupMembers(groups)
    .filter((members) => {
      const scorable = members.filter((i) => !Number.isNaN(values[i]!));
      return scorable.length < 2 || isConstant(values, scorable, tolerance);
    })
    .flat()
    .sort((a, b) => a - b);
  const without = flat.slice();
  for (const row of dead) without.fill(0, row * columns, (row + 1) * columns);
  const isDead = new Set(dead);
  const all = Array.from({ length: rows }, (_, row) => row);
  return {
    rows: policy === 'drop' ? all.filter((row) => !isDead.has(row)) : all,
    mask: ndarray(policy === 'mask-all' || policy === 'drop' ? without : flat, [rows, columns]),
    policyMask: ndarray(policy === 'keep' ? flat : without, [rows, columns]),
    deadRows: dead,
  };
}
