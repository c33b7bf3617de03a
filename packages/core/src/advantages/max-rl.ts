import { checkAtLeast } from '../checks.js';
import type { GroupId } from '../types.js';
import { mean } from './grouping.js';
import { advantagesPerGroup, type GroupAdvantages, type GroupOptions } from './per-group.js';

/** Options of {@link maxRlAdvantages}. */
export interface MaxRlOptions extends GroupOptions {
  /** Added to the mean. @defaultValue 0 */
  readonly epsilon?: number | undefined;
  /**
   * What a group with a mean of 0 or less gets, where the formula makes no sense: nothing, as in prime-rl, or the bare
   * formula, as in SkyRL (which flips signs or blows up). @defaultValue 'zero'
   */
  readonly nonPositiveMean?: 'zero' | 'formula' | undefined;
}

/**
 * Advantage relative to the group's mean reward (MaxRL), which weights rarely solved prompts up. Rewards must be success
 * probabilities or other non-negative numbers.
 *
 * Aᵢ = (rᵢ − mean_g) / (mean_g + ε)
 *
 * As in SkyRL (`maxrl`, ε = 1e-6) and prime-rl (ε = 0, nothing for a mean of 0 or less).
 *
 * @param rewards - [B]; null and NaN are left out, as in {@link groupAdvantages}.
 * @param groups - [B] ids.
 * @throws RangeError as {@link groupAdvantages}.
 * @example
 * ```ts
 * maxRlAdvantages([1, 0, 0, 0], [0, 0, 0, 0]).advantages; // [3, -1, -1, -1]
 * ```
 */
export function maxRlAdvantages(
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  options: MaxRlOptions = {},
): GroupAdvantages {
  const { epsilon = 0, nonPositiveMean = 'zero' } = options;
  checkAtLeast('maxRlAdvantages', 'epsilon', epsilon, 0);
  return advantagesPerGroup('maxRlAdvantages', rewards, groups, options, (values, members, advantages) => {
    const centre = mean(values, members);
    if (centre <= 0 && nonPositiveMean === 'zero') return;
    for (const i of members) advantages[i] = (values[i]! - centre) / (centre + epsilon);
  });
}
