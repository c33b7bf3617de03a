import { checkAtLeast, checkLength } from '../checks.js';
import type { GroupId } from '../types.js';
import { advantagesPerGroup, type GroupAdvantages, type GroupOptions } from './per-group.js';

/**
 * Advantage over the length-weighted mean reward of the group (OPO), the baseline of least variance when a completion's
 * gradient grows with its length.
 *
 * Aᵢ = rᵢ − Σⱼ Lⱼ rⱼ / Σⱼ Lⱼ
 *
 * See OPO, arXiv 2505.23585.
 *
 * @param rewards - [B]; null and NaN are left out, as in {@link groupAdvantages}.
 * @param groups - [B] ids.
 * @param lengths - [B] counted tokens of each completion.
 * @throws RangeError as {@link groupAdvantages}, and for negative lengths.
 * @example
 * ```ts
 * lengthWeightedAdvantages([1, 0], ['a', 'a'], [1, 3]).advantages; // [0.75, -0.25]
 * ```
 */
export function lengthWeightedAdvantages(
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  lengths: ArrayLike<number>,
  options: GroupOptions = {},
): GroupAdvantages {
  const where = 'lengthWeightedAdvantages';
  checkLength(where, 'lengths', lengths.length, rewards.length);
  return advantagesPerGroup(where, rewards, groups, options, (values, members, advantages) => {
    let [weighted, total] = [0, 0];
    for (const i of members) {
      checkAtLeast(where, 'lengths', lengths[i]!, 0);
      weighted += lengths[i]! * values[i]!;
      total += lengths[i]!;
    }
    if (total === 0) return; // no token, no gradient
    for (const i of members) advantages[i] = values[i]! - weighted / total;
  });
}
