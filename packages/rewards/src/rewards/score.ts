import { readScore, type ReadScoreOptions } from '../answer/score.js';
import { upstreamScore } from '../answer/upstream.js';
import { notApplicable, rewardFrom, type Reward } from '../reward.js';
import type { Style } from './format.js';

/** Options of {@link scoreReward}. */
export interface ScoreRewardOptions {
  /**
   * Largest error that is still right (the paper's epsilon).
   * @defaultValue 0.35
   */
  readonly threshold?: number;
  /**
   * 'exclusive': the error must be below the threshold, as in the released code; 'inclusive': it may equal it.
   * @defaultValue 'exclusive'
   */
  readonly bound?: 'exclusive' | 'inclusive';
  /**
   * How the answer is read: see {@link Style}. 'upstream' ignores `read`.
   * @defaultValue 'default'
   */
  readonly style?: Style;
  /**
   * Key, bounds and choice of answer of the default style.
   * @defaultValue the key 'rating' in [1, 5], first answer
   */
  readonly read?: ReadScoreOptions;
}

/**
 * Whether the predicted quality score is close enough to the label: `1` if |predicted - label| \< threshold, else `0`.
 * A completion without a readable score gets 0; a sample of another task gets `null`.
 *
 * Source: r_scr of Q-Insight, arXiv 2503.22679, section 3.2; threshold 0.35 from section 4.1. Range: 0 or 1.
 * Throws a RangeError when the threshold is negative or not a number; scoring itself never throws.
 *
 * @example
 * ```ts
 * const label = { task: 'score', score: 3.4 } as const;
 * scoreReward().score({ id: '1', group: 'a', completion: '<answer>{"rating": 3.5}</answer>', label }); // 1
 * ```
 */
export function scoreReward(options: ScoreRewardOptions = {}): Reward {
  const { threshold = 0.35, bound = 'exclusive', style = 'default', read = {} } = options;
  if (!(threshold >= 0)) throw new RangeError(`scoreReward: threshold must be at least 0, got ${threshold}`);
  const limit = `tolerance ${threshold}${bound === 'inclusive' ? ', inclusive' : ''}`;
  return rewardFrom('score', [0, 1], (sample) => {
    if (sample.label.task !== 'score') return notApplicable(sample);
    const reading = style === 'upstream' ? upstreamScore(sample.completion) : readScore(sample.completion, read);
    if (!('value' in reading)) return { value: 0, ...reading };
    const { score } = sample.label;
    const error = Math.abs(reading.value - score);
    const right = bound === 'inclusive' ? error <= threshold : error < threshold;
    return {
      value: right ? 1 : 0,
      reason: () => `said ${reading.value}, the label is ${score}, off by ${Number(error.toPrecision(6))} (${limit})`,
      place: reading.place,
    };
  });
}
