import type { ReadScoreOptions } from '../answer/score.js';
import { batchRewardFrom, type BatchReward } from '../batch-reward.js';
import { mean, variance } from '../math/statistics.js';
import type { Judgement } from '../reward.js';
import { scoreGroups } from './score-groups.js';

/** Options of {@link concordanceReward}. */
export interface ConcordanceRewardOptions {
  /**
   * Key, bounds and choice of answer.
   * @defaultValue the key 'rating' in [1, 5], first answer
   */
  readonly read?: ReadScoreOptions;
}

/**
 * How well the batch agrees with its labels when this completion speaks for its image and the other images by their mean:
 * Lin's concordance `2 cov(x, s) / (var(x) + var(s) + (mean x - mean s)²)` of x = (q, μ_j of the others) with their labels.
 *
 * Source: the batch reward of arXiv 2605.01402 (CCC-GRPO). Range: -1 to 1. Unreadable score: -1, the lowest. `null` for other
 * tasks, when no other image is there, and when neither scores nor labels vary and the formula is 0 / 0.
 *
 * @example
 * ```ts
 * const table = await runRewards(samples, [concordanceReward()]);
 * ```
 */
export function concordanceReward(options: ConcordanceRewardOptions = {}): BatchReward {
  return batchRewardFrom('concordance', [-1, 1], 'batch', (samples) => {
    const { groups, unreadable } = scoreGroups('concordanceReward', samples, options.read ?? {});
    const judgements = new Map<string, Judgement>();
    for (const [id, { value, reason }] of unreadable) judgements.set(id, { value: value === null ? null : -1, reason });
    const labels = groups.map((group) => group.label);
    const means = groups.map((group) => group.mean);
    for (const [index, group] of groups.entries()) {
      for (const { id, score } of group.members) {
        const value = groups.length < 2 ? null : concordance(means.with(index, score), labels);
        const reason =
          value === null
            ? 'no other image to compare with'
            : `said ${score}, the label is ${group.label}; with ${groups.length - 1} other images by their mean`;
        judgements.set(id, { value, reason });
      }
    }
    return judgements;
  });
}

/** Lin's concordance correlation coefficient; `null` when it is 0 / 0. */
export function concordance(x: readonly number[], y: readonly number[]): number | null {
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = mean(x.map((value, i) => (value - meanX) * (y[i]! - meanY)));
  const spread = variance(x, 0) + variance(y, 0) + (meanX - meanY) ** 2;
  return spread === 0 ? null : Math.min(1, Math.max(-1, (2 * covariance) / spread));
}
