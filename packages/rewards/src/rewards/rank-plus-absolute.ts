import type { ReadScoreOptions } from '../answer/score.js';
import { batchRewardFrom, type BatchReward } from '../batch-reward.js';
import { fidelity, thurstone } from './fidelity.js';
import { checkPositive } from './score-error.js';
import { judgeAgainstOthers } from './score-groups.js';

/** Options of {@link rankPlusAbsoluteReward}. */
export interface RankPlusAbsoluteRewardOptions {
  /**
   * Width of the absolute part. The default is the 0.1 of RAPO's code on its scale 0 to 1, taken to 1 to 5.
   * @defaultValue 0.4
   */
  readonly sigma?: number;
  /**
   * Added under the roots of the ranking part.
   * @defaultValue 1e-6
   */
  readonly gamma?: number;
  /**
   * Added to the absolute part.
   * @defaultValue 1e-5
   */
  readonly epsilon?: number;
  /**
   * Key, bounds and choice of answer.
   * @defaultValue the key 'rating' in [1, 5], first answer
   */
  readonly read?: ReadScoreOptions;
}

/**
 * Order and closeness together: `r = mean over j of [√(p_j t_j + γ) + √((1 - p_j)(1 - t_j) + γ)] + exp(-(q - s)² / (2 σ²)) + ε`,
 * with p_j as in {@link fidelityReward} and t_j = 1 when the label is at least the other's, else 0.
 *
 * Source: RAPO of Aes-R1, arXiv 2509.21871; constants from its code (ssssmark/AesR1). Range: 0 to 2 and a trace. Unreadable
 * score: 0. `null` for other tasks, and when no other image is there. Throws a RangeError when sigma is not above 0.
 *
 * @example
 * ```ts
 * const table = await runRewards(samples, [formatReward(), rankPlusAbsoluteReward()]);
 * ```
 */
export function rankPlusAbsoluteReward(options: RankPlusAbsoluteRewardOptions = {}): BatchReward {
  const { sigma = 0.4, gamma = 1e-6, epsilon = 1e-5, read = {} } = options;
  checkPositive('rankPlusAbsoluteReward', 'sigma', sigma);
  const highest = fidelity(1, 1, gamma) + 1 + epsilon;
  return batchRewardFrom('rankPlusAbsolute', [0, highest], 'batch', (samples) =>
    judgeAgainstOthers('rankPlusAbsoluteReward', samples, read, (score, own, other) => {
      const absolute = Math.exp(-0.5 * ((score - own.label) / sigma) ** 2) + epsilon;
      return fidelity(thurstone(score, own, other, gamma), own.label >= other.label ? 1 : 0, gamma) + absolute;
    }),
  );
}
