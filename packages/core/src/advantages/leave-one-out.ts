import type { GroupId } from '../types.js';
import { type GroupAdvantageOptions, groupAdvantagesAs } from './group.js';
import type { GroupAdvantages } from './per-group.js';

/**
 * Advantage over the mean of the other completions of the prompt (RLOO).
 *
 * Aᵢ = rᵢ − Σ_{j≠i} rⱼ / (G − 1) = G/(G − 1) · (rᵢ − mean_g)
 *
 * See Ahmadian et al., arXiv 2402.14740.
 *
 * @param rewards - [B]; null and NaN are left out, as in {@link groupAdvantages}.
 * @param groups - [B] ids.
 * @param options - as {@link groupAdvantages}, but `scale` is 'none' unless given.
 * @throws RangeError as {@link groupAdvantages}.
 * @example
 * ```ts
 * leaveOneOutAdvantages([1, 0, 0], ['a', 'a', 'a']).advantages; // [1, -0.5, -0.5]
 * ```
 */
export function leaveOneOutAdvantages(
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  options: Omit<GroupAdvantageOptions, 'baseline'> = {},
): GroupAdvantages {
  const all = { scale: 'none' as const, ...options, baseline: 'leave-one-out' as const };
  return groupAdvantagesAs('leaveOneOutAdvantages', rewards, groups, all);
}
