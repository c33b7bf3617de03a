import { rewardFrom, type Reward } from '../reward.js';
import { tokenCount } from './token-count.js';

/** Options of {@link softOverlongReward}. */
export interface SoftOverlongRewardOptions {
  /** Longest completion, in tokens. */
  readonly maxLength: number;
  /** Width of the ramp before `maxLength`, in tokens. */
  readonly cache: number;
  /**
   * Past `maxLength`: 'saturate' at -1, as the paper and TRL; 'continue' down the ramp, as verl and ms-swift.
   * @defaultValue 'saturate'
   */
  readonly beyond?: 'saturate' | 'continue';
  /**
   * Scales the penalty (verl's `penalty_factor`).
   * @defaultValue 1
   */
  readonly factor?: number;
}

/**
 * A penalty for completions that run out of room: for n tokens 0 up to `maxLength - cache`, then `-(n - (maxLength - cache)) / cache`
 * down to -1 at `maxLength`.
 *
 * Source: soft overlong punishment of DAPO, arXiv 2503.14476, equation 13; equals TRL 1.16 `get_soft_overlong_punishment`, and
 * ms-swift 4.6 with `beyond: 'continue'`. Range: -factor to 0; without a floor when it continues. Throws a RangeError on lengths
 * that do not fit, and an Error on a sample without `completionIds`.
 *
 * @example
 * ```ts
 * softOverlongReward({ maxLength: 100, cache: 20 }).score(sample); // -0.95 for 99 tokens
 * ```
 */
export function softOverlongReward(options: SoftOverlongRewardOptions): Reward {
  const { maxLength, cache, beyond = 'saturate', factor = 1 } = options;
  if (!(cache >= 0 && cache <= maxLength && maxLength < Infinity)) {
    throw new RangeError(`softOverlongReward: cache must be between 0 and maxLength ${maxLength}, got ${cache}`);
  }
  if (cache === 0 && beyond === 'continue')
    throw new RangeError('softOverlongReward: a ramp that continues needs a cache above 0');
  const free = maxLength - cache;
  return rewardFrom('softOverlong', [beyond === 'saturate' ? -factor : -Infinity, 0], (sample) => {
    const length = tokenCount('softOverlongReward', sample);
    const reason = (): string => `${length} tokens, ${free} are free, ${maxLength} the most`;
    if (length <= free) return { value: 0, reason };
    const ramp = (length - free) / cache;
    return { value: -factor * (beyond === 'saturate' ? Math.min(1, ramp) : ramp), reason };
  });
}
