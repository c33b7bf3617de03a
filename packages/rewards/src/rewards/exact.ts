import { quote } from '../answer/reading.js';
import { findAnswer, type Which } from '../answer/tags.js';
import { rewardFrom, type Reward } from '../reward.js';
import type { Sample } from '../sample.js';

/** Options of {@link exactReward}. */
export interface ExactRewardOptions {
  /** The right answer; `undefined` when the reward does not apply. */
  readonly expected: (sample: Sample) => string | undefined;
  /**
   * 'exact' compares as written, white space at the ends aside; 'folded' ignores case, runs of white space and a full stop at the end.
   * @defaultValue 'exact'
   */
  readonly match?: 'exact' | 'folded';
  /**
   * Which answer counts when there are several.
   * @defaultValue 'first'
   */
  readonly which?: Which;
}

/**
 * Whether the answer is the expected text: 1 or 0. Range: 0 or 1. No answer: 0. `null` when nothing is expected.
 *
 * @example
 * ```ts
 * exactReward({ expected: (sample) => sample.metadata?.['answer'] as string | undefined });
 * ```
 */
export function exactReward(options: ExactRewardOptions): Reward {
  const { expected, match = 'exact', which = 'first' } = options;
  const normal = match === 'exact' ? (text: string): string => text.trim() : fold;
  return rewardFrom('exact', [0, 1], (sample) => {
    const wanted = expected(sample);
    if (wanted === undefined) return { value: null, reason: 'no answer is expected' };
    const answer = findAnswer(sample.completion, which);
    if (!('value' in answer)) return { value: 0, ...answer };
    const value = normal(answer.value) === normal(wanted) ? 1 : 0;
    return { value, reason: `said ${quote(answer.value.trim())}, expected ${quote(wanted)}` };
  });
}

function fold(text: string): string {
  const folded = text.normalize('NFKC').toLowerCase().trim().split(/\s+/).join(' ');
  return folded.endsWith('.') ? folded.slice(0, -1) : folded;
}
