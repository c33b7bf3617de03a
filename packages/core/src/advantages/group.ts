import { checkAtLeast, checkOneOf, fail } from '../checks.js';
import type { GroupId } from '../types.js';
import { groupMembers, isConstant, mean, readRewards, standardDeviation } from './grouping.js';

/** Options of {@link groupAdvantages}. */
export interface GroupAdvantageOptions {
  /**
   * What the centred reward is divided by: the standard deviation of its `group` (GRPO), of the whole `batch` of rewards
   * (LitePPO, arXiv 2508.08221), or nothing (`none`: Dr. GRPO, arXiv 2503.20783). @defaultValue 'group'
   */
  readonly scale?: 'group' | 'batch' | 'none' | undefined;
  /** Delta degrees of freedom of the standard deviation: 1 divides by n − 1, 0 by n. @defaultValue 1 */
  readonly ddof?: 0 | 1 | undefined;
  /** Added to the standard deviation. @defaultValue 1e-4 */
  readonly epsilon?: number | undefined;
  /**
   * A group with one scorable member has nothing to be compared with: advantage 0, the reward itself as if its mean were 0
   * and its deviation 1 (`raw`: verl's and SkyRL's behaviour), or an error. @defaultValue 'zero'
   */
  readonly singletons?: 'zero' | 'raw' | 'error' | undefined;
  /** A group is constant when max − min is at most this fraction of its largest magnitude. @defaultValue 1e-12 */
  readonly tolerance?: number | undefined;
}

/** Advantages, and what there is to know about the groups they come from. */
export interface GroupAdvantages {
  /** [B] in the order of the rewards. 0 for unscorable completions. */
  readonly advantages: Float64Array;
  /** Number of groups. */
  readonly groupCount: number;
  /** Groups of two or more scorable members whose rewards are all equal: they teach nothing. */
  readonly zeroVarianceGroups: number;
  /** Groups with exactly one scorable member. */
  readonly singletonGroups: number;
  /** Completions whose reward was null or NaN: left out of every mean and deviation. */
  readonly unscorable: number;
}

/**
 * Advantage of each completion over the others of its prompt (GRPO).
 *
 * Aᵢ = (rᵢ − mean_g) / (std + ε), with std over the group, over the batch, or left out.
 *
 * See DeepSeekMath, arXiv 2402.03300, section 4.1.2; Dr. GRPO, arXiv 2503.20783, for `scale: 'none'`. Defaults are TRL's.
 *
 * A group of equal rewards gives exactly 0, whatever the rewards and epsilon. `null` and NaN rewards mean "not
 * applicable": they are left out of the statistics, get advantage 0 and are counted, as in TRL.
 *
 * @param rewards - [B], any finite unit.
 * @param groups - [B] ids; groups may have different sizes and their members may be in any order.
 * @throws RangeError when the lengths differ, a reward is infinite, or `singletons` is 'error' and there is one.
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
  const where = 'groupAdvantages';
  const { scale = 'group', ddof = 1, epsilon = 1e-4, singletons = 'zero', tolerance = 1e-12 } = options;
  checkOneOf(where, 'scale', scale, ['group', 'batch', 'none']);
  checkOneOf(where, 'singletons', singletons, ['zero', 'raw', 'error']);
  checkAtLeast(where, 'epsilon', epsilon, 0);
  const values = readRewards(where, rewards, groups);
  const advantages = new Float64Array(values.length);
  const batchScale = scale === 'batch' ? batchDeviation(values, ddof) + epsilon : 1;
  let [groupCount, zeroVarianceGroups, singletonGroups, unscorable] = [0, 0, 0, 0];

  for (const members of groupMembers(groups)) {
    groupCount++;
    const scorable = members.filter((i) => !Number.isNaN(values[i]!));
    unscorable += members.length - scorable.length;
    if (scorable.length === 0) continue;

    if (scorable.length === 1) {
      singletonGroups++;
      const only = scorable[0]!;
      if (singletons === 'error') fail(where, 'groups', 'have two or more scorable members each', groups[only]);
      if (singletons === 'raw') advantages[only] = values[only]! / (scale === 'group' ? 1 + epsilon : batchScale);
      continue;
    }
    if (isConstant(values, scorable, tolerance)) {
      zeroVarianceGroups++;
      continue;
    }
    const centre = mean(values, scorable);
    const divisor = scale === 'group' ? standardDeviation(values, scorable, centre, ddof) + epsilon : batchScale;
    if (divisor === 0) continue; // without epsilon, the squares of rewards below 1e-160 underflow
    for (const i of scorable) advantages[i] = (values[i]! - centre) / divisor;
  }
  return { advantages, groupCount, zeroVarianceGroups, singletonGroups, unscorable };
}

function batchDeviation(values: Float64Array, ddof: 0 | 1): number {
  const scorable = Array.from(values.keys()).filter((i) => !Number.isNaN(values[i]!));
  return scorable.length < 2 ? 0 : standardDeviation(values, scorable, mean(values, scorable), ddof);
}
