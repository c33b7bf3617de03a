import { checkPositive } from '../checks.js';
import type { GroupId } from '../types.js';
import { mean } from './grouping.js';
import { advantagesPerGroup, type GroupAdvantages, type GroupOptions } from './per-group.js';

/** Options of {@link gpgAdvantages}. */
export interface GpgOptions extends GroupOptions {
  /** Divides every advantage. @defaultValue 1 */
  readonly divisor?: number | undefined;
}

/**
 * Centred rewards, scaled up by the share of completions that got any reward (GPG).
 *
 * Aᵢ = α (rᵢ − mean_g) / f, α = B / max(1, number of rewards other than 0)
 *
 * See GPG, arXiv 2504.02546; the α is that of verl's code.
 *
 * @param rewards - [B]; null and NaN are left out, as in {@link groupAdvantages}.
 * @param groups - [B] ids.
 * @throws RangeError as {@link groupAdvantages}.
 * @example
 * ```ts
 * gpgAdvantages([1, 0], ['a', 'a']).advantages; // [1, -1]: α = 2/1
 * ```
 */
export function gpgAdvantages(
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  options: GpgOptions = {},
): GroupAdvantages {
  const { divisor = 1 } = options;
  checkPositive('gpgAdvantages', 'divisor', divisor);
  let [scorable, rewarded] = [0, 0];
  for (let i = 0; i < rewards.length; i++) {
    const reward = rewards[i] ?? NaN;
    if (Number.isNaN(reward)) continue;
    scorable++;
    if (reward !== 0) rewarded++;
  }
  const scale = scorable / Math.max(1, rewarded) / divisor;
  return advantagesPerGroup(
    'gpgAdvantages',
    rewards,
    groups,
    options,
    (values, members, advantages) => {
      const centre = mean(values, members);
      for (const i of members) advantages[i] = scale * (values[i]! - centre);
    },
    (reward) => scale * reward,
  );
}
