import type { ReadScoreOptions } from '../answer/score.js';
import type { Reward } from '../reward.js';
import { checkPositive, scoreErrorReward } from './score-error.js';

/** Options of {@link laplaceReward}. */
export interface LaplaceRewardOptions {
  /**
   * Decay: an error of tau earns exp(-1) = 0.368.
   * @defaultValue 0.3
   */
  readonly tau?: number;
  /**
   * Scores outside are moved to the nearer end before they are compared, as in Q-Hawkeye's code.
   * @defaultValue [1, 5]
   */
  readonly clamp?: readonly [number, number];
  /**
   * Key and choice of answer.
   * @defaultValue the key 'rating', first answer
   */
  readonly read?: Omit<ReadScoreOptions, 'bounds'>;
}

/**
 * How close the predicted score is, with exponential decay: `r = exp(-|clamp(q) - s| / tau)`.
 *
 * Source: Q-Hawkeye, arXiv 2601.22920, tau = 0.3 as in its code. Range: 0 to 1. Unreadable score: 0. Other task: `null`.
 * Throws a RangeError when tau is not above 0.
 *
 * @example
 * ```ts
 * laplaceReward({ tau: 0.5 }).score(sample); // 0.135… when the score is off by 1: exp(-2)
 * ```
 */
export function laplaceReward(options: LaplaceRewardOptions = {}): Reward {
  const { tau = 0.3, clamp = [1, 5], read = {} } = options;
  checkPositive('laplaceReward', 'tau', tau);
  const anyBounds = { ...read, bounds: [-Number.MAX_VALUE, Number.MAX_VALUE] as const };
  const inside = (q: number): number => Math.min(Math.max(q, clamp[0]), clamp[1]);
  return scoreErrorReward('laplace', anyBounds, (q, s) => Math.exp(-Math.abs(inside(q) - s) / tau));
}
