import type { ReadScoreOptions } from '../answer/score.js';
import type { Reward } from '../reward.js';
import { checkPositive, scoreErrorReward } from './score-error.js';

/** Options of {@link gaussianReward}. */
export interface GaussianRewardOptions {
  /**
   * Width: an error of sigma earns exp(-1/2) = 0.607. The default is the 0.1 of RAPO's code on its scale 0 to 1, taken to 1 to 5.
   * @defaultValue 0.4
   */
  readonly sigma?: number;
  /**
   * Key, bounds and choice of answer.
   * @defaultValue the key 'rating' in [1, 5], first answer
   */
  readonly read?: ReadScoreOptions;
}

/**
 * How close the predicted score is, on a bell curve: `r = exp(-(q - s)² / (2 sigma²))`.
 *
 * Source: the absolute part of RAPO (Aes-R1, arXiv 2509.21871; code ssssmark/AesR1, which adds 1e-5); OmniQuality-R
 * (arXiv 2510.10609) uses the same shape. Range: 0 to 1. Unreadable score: 0. Other task: `null`.
 * Throws a RangeError when sigma is not above 0.
 *
 * @example
 * ```ts
 * gaussianReward({ sigma: 0.5 }).score(sample); // 0.135… when the score is off by 1: exp(-2)
 * ```
 */
export function gaussianReward(options: GaussianRewardOptions = {}): Reward {
  const { sigma = 0.4, read = {} } = options;
  checkPositive('gaussianReward', 'sigma', sigma);
  return scoreErrorReward('gaussian', read, (q, s) => Math.exp(-0.5 * ((q - s) / sigma) ** 2));
}
