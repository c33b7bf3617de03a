import type { ReadScoreOptions } from '../answer/score.js';
import type { Reward } from '../reward.js';
import { scoreErrorReward } from './score-error.js';

/** Options of {@link relativeErrorReward}. */
export interface RelativeErrorRewardOptions {
  /**
   * Key, bounds and choice of answer.
   * @defaultValue the key 'rating' in [1, 5], first answer
   */
  readonly read?: ReadScoreOptions;
}

/**
 * How close the predicted score is, relative to the label: `r = 1 - min(1, |q - s| / |s|)`.
 * A label of 0 earns 1 for a prediction of exactly 0, else 0.
 *
 * Source: the regression reward of VQ-Insight, arXiv 2506.18564. Range: 0 to 1. Unreadable score: 0. Other task: `null`.
 *
 * @example
 * ```ts
 * relativeErrorReward().score(sample); // 0.75 for 3 where the label is 4
 * ```
 */
export function relativeErrorReward(options: RelativeErrorRewardOptions = {}): Reward {
  return scoreErrorReward('relativeError', options.read ?? {}, (q, s) =>
    q === s ? 1 : 1 - Math.min(1, Math.abs(q - s) / Math.abs(s)),
  );
}
