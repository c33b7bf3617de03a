import { checkAtLeast, checkOneOf } from '../checks.js';
import type { GroupId } from '../types.js';
import { mean, standardDeviation } from './grouping.js';
import { advantagesPerGroup, type GroupAdvantages, type GroupOptions } from './per-group.js';

/** Options of {@link passAtKAdvantages}. */
export interface PassAtKAdvantageOptions extends GroupOptions {
  /** Divide by the group's standard deviation (n − 1), or not. @defaultValue 'group' */
  readonly scale?: 'group' | 'none' | undefined;
  /** Added to the standard deviation. @defaultValue 1e-6 */
  readonly epsilon?: number | undefined;
}

/**
 * Only the best completion of a prompt is rewarded, by its lead over the second best, which follows the gradient of "at
 * least one of k is right". With a tie for the best, nobody leads and all get 0.
 *
 * A_best = (r_max − r_second) / (std_g + ε), A_other = 0
 *
 * See Pass@k policy optimization, arXiv 2503.19595; verl's `grpo_passk`.
 *
 * @param rewards - [B]; null and NaN are left out, as in {@link groupAdvantages}.
 * @param groups - [B] ids.
 * @throws RangeError as {@link groupAdvantages}.
 * @example
 * ```ts
 * passAtKAdvantages([3, 1, 2], [0, 0, 0], { scale: 'none' }).advantages; // [1, 0, 0]
 * ```
 */
export function passAtKAdvantages(
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  options: PassAtKAdvantageOptions = {},
): GroupAdvantages {
  const where = 'passAtKAdvantages';
  const { scale = 'group', epsilon = 1e-6 } = options;
  checkOneOf(where, 'scale', scale, ['group', 'none']);
  checkAtLeast(where, 'epsilon', epsilon, 0);
  return advantagesPerGroup(where, rewards, groups, options, (values, members, advantages) => {
    let best = members[0]!;
    let second = -Infinity;
    for (const i of members.slice(1)) {
      if (values[i]! > values[best]!) {
        second = values[best]!;
        best = i;
      } else second = Math.max(second, values[i]!);
    }
    const lead = values[best]! - second;
    const divisor = scale === 'none' ? 1 : standardDeviation(values, members, mean(values, members), 1) + epsilon;
    advantages[best] = divisor === 0 ? 0 : lead / divisor;
  });
}
