import type { BatchReward } from '../batch-reward.js';
import { mean } from '../math/statistics.js';
import type { Reward } from '../reward.js';
import type { Sample } from '../sample.js';

/** Options of {@link temporalReward}. */
export interface TemporalRewardOptions {
  /** Accuracy of a completion, in [0, 1]. */
  readonly accuracy: Reward;
  /**
   * What a completion earns.
   * @defaultValue 0.3
   */
  readonly bonus?: number;
  /**
   * Mean accuracy in order must reach this share of the mean accuracy on shuffled frames.
   * @defaultValue 0.8
   */
  readonly ratio?: number;
  /**
   * A completion must be more accurate than this.
   * @defaultValue 0.1
   */
  readonly least?: number;
}

/**
 * A bonus for using the order of a video's frames: within a group, `bonus` for completions with accuracy above `least` when the
 * mean accuracy on frames in order is at least `ratio` times the mean accuracy on shuffled frames. Samples on shuffled
 * frames have `metadata.frames === 'shuffled'`; they are the control and get `null`.
 *
 * Source: VQ-Insight, arXiv 2506.18564 (0.3, 0.8, 0.1). Range: 0 to bonus. `null` also where the accuracy is `null`, and in a
 * group that has no shuffled or no ordered samples.
 *
 * @example
 * ```ts
 * temporalReward({ accuracy: relativeErrorReward() });
 * ```
 */
export function temporalReward(options: TemporalRewardOptions): BatchReward {
  const { accuracy, bonus = 0.3, ratio = 0.8, least = 0.1 } = options;
  return {
    name: 'temporal',
    range: [0, bonus],
    scope: 'group',
    async scoreBatch(samples) {
      const ordered = new Map<string, number>();
      const shuffled: number[] = [];
      for (const sample of samples) {
        const value = await accuracy.score(sample);
        if (value === null) continue;
        if (isShuffled(sample)) shuffled.push(value);
        else ordered.set(sample.id, value);
      }
      const comparable = ordered.size > 0 && shuffled.length > 0;
      const earned = comparable && mean([...ordered.values()]) >= ratio * mean(shuffled);
      const reward = ({ id }: Sample): number | null => {
        const own = ordered.get(id);
        if (own === undefined || !comparable) return null;
        return earned && own > least ? bonus : 0;
      };
      return new Map(samples.map((sample) => [sample.id, reward(sample)]));
    },
  };
}

function isShuffled(sample: Sample): boolean {
  return sample.metadata?.['frames'] === 'shuffled';
}
