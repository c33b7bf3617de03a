import { readComparison, type ReadComparisonOptions } from '../answer/comparison.js';
import { quote } from '../answer/reading.js';
import { upstreamComparison } from '../answer/upstream.js';
import { notApplicable, rewardFrom, type Reward } from '../reward.js';
import type { Style } from './format.js';

/** Options of {@link comparisonReward}. */
export interface ComparisonRewardOptions {
  /**
   * How the answer is read: see {@link Style}. 'upstream' wants exactly `Image A`, `Image B` or `Similar`, and ignores `read`.
   * @defaultValue 'default'
   */
  readonly style?: Style;
  /**
   * Choice of answer of the default style.
   * @defaultValue first answer
   */
  readonly read?: ReadComparisonOptions;
}

/**
 * Whether the verdict on two images is the label's: 1 or 0. A completion without a readable verdict gets 0; a sample of
 * another task gets `null`.
 *
 * Source: the comparison reward of Q-Insight, arXiv 2503.22679, section 4. Range: 0 or 1. Never throws.
 *
 * @example
 * ```ts
 * const label = { task: 'comparison', better: 'Image B' } as const;
 * comparisonReward().score({ id: '1', group: 'a', completion: '<answer>Image B</answer>', label }); // 1
 * ```
 */
export function comparisonReward(options: ComparisonRewardOptions = {}): Reward {
  const { style = 'default', read = {} } = options;
  return rewardFrom('comparison', [0, 1], (sample) => {
    if (sample.label.task !== 'comparison') return notApplicable(sample);
    const reading =
      style === 'upstream' ? upstreamComparison(sample.completion) : readComparison(sample.completion, read);
    if (!('value' in reading)) return { value: 0, ...reading };
    const { place } = reading;
    const { better } = sample.label;
    if (reading.value === better) return { value: 1, reason: () => `the verdict ${better} is right`, place };
    return { value: 0, reason: () => `said ${quote(reading.value)}, the label is ${better}`, place };
  });
}
