import type { Reward } from '../reward.js';
import { comparisonReward, type ComparisonRewardOptions } from './comparison.js';
import { degradationReward, type DegradationRewardOptions } from './degradation.js';
import { formatReward, type Style } from './format.js';
import { scoreReward, type ScoreRewardOptions } from './score.js';

/** Options of {@link qInsightRewards}. */
export interface QInsightRewardsOptions {
  /**
   * How the answers are read, for all four.
   * @defaultValue 'default'
   */
  readonly style?: Style;
  /**
   * Options of the score reward.
   * @defaultValue those of {@link scoreReward}
   */
  readonly score?: ScoreRewardOptions;
  /**
   * Options of the degradation reward.
   * @defaultValue those of {@link degradationReward}
   */
  readonly degradation?: DegradationRewardOptions;
  /**
   * Options of the comparison reward.
   * @defaultValue those of {@link comparisonReward}
   */
  readonly comparison?: ComparisonRewardOptions;
}

/**
 * Q-Insight's rewards: format, score, degradation, comparison. Each task's reward is `null` on the other tasks, so the sum of
 * what applies is the paper's r = r_fmt + 1_scr r_scr + 1_deg (0.25 r_deg + 0.75 r_lev), at most 2 for every sample.
 *
 * Source: arXiv 2503.22679, section 3.2.
 *
 * @example
 * ```ts
 * const table = await runRewards(samples, qInsightRewards({ style: 'upstream' }));
 * ```
 */
export function qInsightRewards(options: QInsightRewardsOptions = {}): Reward[] {
  const { style = 'default', score, degradation, comparison } = options;
  return [
    formatReward({ style }),
    scoreReward({ style, ...score }),
    degradationReward({ style, ...degradation }),
    comparisonReward({ style, ...comparison }),
  ];
}
