import type { BatchReward } from '../batch-reward.js';
import type { Reward } from '../reward.js';
import { tokenCount } from './token-count.js';

/** Options of {@link lengthWindowReward}. */
export interface LengthWindowRewardOptions {
  /** Accuracy of a completion, in [0, 1]. */
  readonly accuracy: Reward;
  /**
   * What a completion earns.
   * @defaultValue 0.2
   */
  readonly bonus?: number;
  /**
   * Fewest and most tokens, both included.
   * @defaultValue [320, 512]
   */
  readonly window?: readonly [number, number];
  /**
   * A completion counts as right when it is more accurate than this.
   * @defaultValue 0.1
   */
  readonly least?: number;
  /**
   * How many right completions the group needs before lengths are rewarded.
   * @defaultValue 2
   */
  readonly needed?: number;
}

/**
 * A bonus for right completions of a wanted length: `bonus` when the number of tokens is in the window and the accuracy above
 * `least`, in groups with at least `needed` such accurate completions; else 0.
 *
 * Source: VQ-Insight, arXiv 2506.18564. Range: 0 to bonus. `null` where the accuracy is. Throws without `completionIds`.
 *
 * @example
 * ```ts
 * lengthWindowReward({ accuracy: relativeErrorReward() });
 * ```
 */
export function lengthWindowReward(options: LengthWindowRewardOptions): BatchReward {
  const { accuracy, bonus = 0.2, window = [320, 512], least = 0.1, needed = 2 } = options;
  return {
    name: 'lengthWindow',
    range: [0, bonus],
    scope: 'group',
    async scoreBatch(samples) {
      const values = await Promise.all(samples.map(async (sample) => accuracy.score(sample)));
      const enough = values.filter((value) => value !== null && value > least).length >= needed;
      return new Map(
        samples.map((sample, index) => {
          const value = values[index] ?? null;
          if (value === null) return [sample.id, null];
          const tokens = tokenCount('lengthWindowReward', sample);
          const inside = tokens >= window[0] && tokens <= window[1];
          return [sample.id, enough && value > least && inside ? bonus : 0];
        }),
      );
    },
  };
}
