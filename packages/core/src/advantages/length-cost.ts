import { checkAtLeast, checkLength } from '../checks.js';
import type { GroupId } from '../types.js';
import { groupMembers, mean, readRewards } from './grouping.js';

/** One thing a completion uses up: tokens written, tokens read, turns. */
export interface LengthCost {
  /** [B] */
  readonly amounts: ArrayLike<number>;
  /** Share of the group's mean reward that the greatest amount of the group costs. */
  readonly weight: number;
}

/**
 * Rewards less a share of the group's mean reward that grows with what the completion used up. Where nothing is solved,
 * nothing is charged, so that failing briefly is never better than failing at length.
 *
 * r'ᵢ = rᵢ − mean_g · Σ_c w_c · amount_{c,i} / max_g amount_c
 *
 * As in prime-rl; give the result to any estimator.
 *
 * @param rewards - [B]; null and NaN stay unscorable (NaN).
 * @param groups - [B] ids.
 * @throws RangeError for unequal lengths or negative amounts and weights.
 * @example
 * ```ts
 * lengthShapedRewards([1, 1], ['a', 'a'], [{ amounts: [50, 100], weight: 0.2 }]); // [0.9, 0.8]
 * ```
 */
export function lengthShapedRewards(
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  costs: readonly LengthCost[],
): Float64Array {
  const where = 'lengthShapedRewards';
  const values = readRewards(where, rewards, groups);
  const shaped = values.slice();
  for (const { amounts, weight } of costs) {
    checkLength(where, 'amounts', amounts.length, values.length);
    checkAtLeast(where, 'weight', weight, 0);
  }
  for (const members of groupMembers(groups)) {
    const scorable = members.filter((i) => !Number.isNaN(values[i]!));
    if (scorable.length === 0) continue;
    const centre = mean(values, scorable);
    for (const { amounts, weight } of costs) {
      const most = scorable.reduce((max, i) => Math.max(max, amounts[i]!), 0);
      for (const i of scorable) {
        checkAtLeast(where, 'amounts', amounts[i]!, 0);
        if (most > 0) shaped[i]! -= (centre * weight * amounts[i]!) / most;
      }
    }
  }
  return shaped;
}
