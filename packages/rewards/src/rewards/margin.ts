import type { ReadScoreOptions } from '../answer/score.js';
import { batchRewardFrom, type BatchReward } from '../batch-reward.js';
import { judgeAgainstOthers, type ScoreGroup } from './score-groups.js';

/** Options of {@link marginReward}. */
export interface MarginRewardOptions {
  /**
   * Spread of the bell curve: 'unit' is 1; 'sigma' is the sum of both images' opinion variances, and needs `std` in the labels.
   * @defaultValue 'unit'
   */
  readonly spread?: 'unit' | 'sigma';
  /**
   * Key, bounds and choice of answer.
   * @defaultValue the key 'rating' in [1, 5], first answer
   */
  readonly read?: ReadScoreOptions;
}

/**
 * Whether a completion's score keeps the right distance to the other images of the batch:
 * `r = mean over j of exp(-((q - μ_j) - (s_i - s_j))² / (2 v))`, with v = 1, or v = σ_i² + σ_j² of the human opinions.
 *
 * Source: MR-IQA, arXiv 2606.29760. As there, an unreadable or out-of-bounds score earns 0 and takes no part in μ.
 * Range: 0 to 1. `null` for other tasks, and when no other image is there. Throws when 'sigma' meets a label without `std`.
 *
 * @example
 * ```ts
 * const table = await runRewards(samples, [marginReward({ spread: 'sigma' })]);
 * ```
 */
export function marginReward(options: MarginRewardOptions = {}): BatchReward {
  const { spread = 'unit', read = {} } = options;
  return batchRewardFrom('margin', [0, 1], 'batch', (samples) =>
    judgeAgainstOthers('marginReward', samples, read, (score, own, other) => {
      const miss = score - other.mean - (own.label - other.label);
      const v = spread === 'unit' ? 1 : opinionVariance(own) + opinionVariance(other);
      if (v === 0) return miss === 0 ? 1 : 0;
      return Math.exp((-0.5 * miss ** 2) / v);
    }),
  );
}

function opinionVariance(group: ScoreGroup): number {
  if (group.std !== undefined) return group.std ** 2;
  throw new Error(`marginReward: spread 'sigma' needs label.std, group "${group.group}" has none`);
}
