import { checkAtLeast, checkDdof, checkOneOf } from '../checks.js';
import type { GroupId } from '../types.js';
import { groupMembers, mean, readRewards, standardDeviation } from './grouping.js';
import { type GroupAdvantages, type GroupOptions, advantagesPerGroup } from './per-group.js';

/** Options of {@link groupAdvantages}. */
export interface GroupAdvantageOptions extends GroupOptions {
  /** What a reward is compared with: the mean of its group, or of the others in it (RLOO). @defaultValue 'mean' */
  readonly baseline?: 'mean' | 'leave-one-out' | undefined;
  /**
   * What the difference is divided by: the standard deviation of its `group` (GRPO), of all rewards of the `batch` (LitePPO,
   * arXiv 2508.08221), of all rewards of the batch after subtracting their group's mean (`centred-batch`: ms-swift's
   * REINFORCE++), or nothing (`none`: Dr. GRPO, arXiv 2503.20783). @defaultValue 'group'
   */
  readonly scale?: 'group' | 'batch' | 'centred-batch' | 'none' | undefined;
  /** Delta degrees of freedom of the standard deviation: 1 divides by n − 1, 0 by n. @defaultValue 1 */
  readonly ddof?: 0 | 1 | undefined;
  /** Added to the standard deviation. @defaultValue 1e-4 */
  readonly epsilon?: number | undefined;
}

/**
 * Advantage of each completion over the others of its prompt (GRPO).
 *
 * Aᵢ = (rᵢ − mean_g) / (std + ε), with std over the group, over the batch, or left out.
 *
 * See DeepSeekMath, arXiv 2402.03300, section 4.1; Dr. GRPO, arXiv 2503.20783, for `scale: 'none'`. Defaults are TRL's.
 *
 * A group of equal rewards gives exactly 0, whatever the rewards and epsilon. A singleton's `raw` advantage is r / (1 + ε), as in verl. `null` and NaN rewards mean "not
 * applicable": they are left out of the statistics, get advantage 0 and are counted, as in TRL.
 *
 * @param rewards - [B], any finite unit.
 * @param groups - [B] ids; groups may have different sizes and their members may be in any order.
 * @throws RangeError when the lengths differ, a reward is infinite, an option is out of range, or `singletons` is 'error' and
 * there is one.
 * @example
 * ```ts
 * const { advantages } = groupAdvantages([1, 0, 0, 1], ['a', 'a', 'b', 'b'], { epsilon: 0 });
 * // advantages: [0.7071, -0.7071, -0.7071, 0.7071]
 * ```
 */
export function groupAdvantages(
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  options: GroupAdvantageOptions = {},
): GroupAdvantages {
  return groupAdvantagesAs('groupAdvantages', rewards, groups, options);
}

/** @internal */
export function groupAdvantagesAs(
  where: string,
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  options: GroupAdvantageOptions,
): GroupAdvantages {
  const { baseline = 'mean', scale = 'group', ddof = 1, epsilon = 1e-4 } = options;
  checkOneOf(where, 'baseline', baseline, ['mean', 'leave-one-out']);
  checkOneOf(where, 'scale', scale, ['group', 'batch', 'centred-batch', 'none']);
  checkAtLeast(where, 'epsilon', epsilon, 0);
  checkDdof(where, ddof);
  const wholeBatch = scale === 'batch' || scale === 'centred-batch';
  const batchScale = wholeBatch
    ? batchDeviation(readRewards(where, rewards, groups), groups, scale, ddof) + epsilon
    : 1;
  // without epsilon the deviation can be 0 in spite of a range: squares of rewards below 1e-160 underflow
  const divide = (difference: number, divisor: number) => (divisor === 0 ? 0 : difference / divisor);
  return advantagesPerGroup(
    where,
    rewards,
    groups,
    options,
    (values, members, advantages) => {
      const centre = mean(values, members);
      const n = members.length;
      const factor = baseline === 'mean' ? 1 : n / (n - 1); // r - mean of the others = n/(n-1) (r - mean)
      const divisor = scale === 'group' ? standardDeviation(values, members, centre, ddof) + epsilon : batchScale;
      for (const i of members) advantages[i] = divide(factor * (values[i]! - centre), divisor);
    },
    (reward) => divide(reward, scale === 'group' ? 1 + epsilon : batchScale),
  );
}

function batchDeviation(
  values: Float64Array,
  groups: ArrayLike<GroupId>,
  scale: 'batch' | 'centred-batch',
  ddof: 0 | 1,
): number {
  const scorable = Array.from(values.keys()).filter((i) => !Number.isNaN(values[i]!));
  if (scorable.length < 2) return 0;
  if (scale === 'centred-batch') {
    for (const all of groupMembers(groups)) {
      const members = all.filter((i) => !Number.isNaN(values[i]!));
      const centre = mean(values, members);
      for (const i of members) values[i]! -= centre;
    }
  }
  return standardDeviation(values, scorable, mean(values, scorable), ddof);
}
