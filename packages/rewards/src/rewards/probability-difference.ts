import { rewardFrom, type Reward } from '../reward.js';
import { formatReward } from './format.js';
import { scoreReward } from './score.js';

/** Options of {@link probabilityDifferenceReward}. */
export interface ProbabilityDifferenceRewardOptions {
  /**
   * Largest error of a right score, inclusive.
   * @defaultValue 0.5
   */
  readonly threshold?: number;
}

/**
 * A bonus for reasoning that makes the right score more likely: `d · ⌊r / 2⌋` with `d = clamp(P_think - P_noThink, 0, 1)` and r
 * the sum of format and score reward, so only a fully right completion earns it. The probabilities of the label's score
 * token with and without the reasoning are read from `metadata.thinkProbability` and `metadata.noThinkProbability`.
 *
 * Source: Refine-IQA, arXiv 2508.03763 (hit when |q - s| ≤ 0.5). Range: 0 to 1. `null` for other tasks and when a probability
 * is not there. Throws a RangeError on one outside [0, 1].
 *
 * @example
 * ```ts
 * const metadata = { thinkProbability: 0.9, noThinkProbability: 0.6 };
 * probabilityDifferenceReward().score({ ...sample, metadata }); // 0.3 when format and score are right
 * ```
 */
export function probabilityDifferenceReward(options: ProbabilityDifferenceRewardOptions = {}): Reward {
  const parts = [formatReward(), scoreReward({ threshold: options.threshold ?? 0.5, bound: 'inclusive' })];
  return rewardFrom('probabilityDifference', [0, 1], (sample) => {
    if (sample.label.task !== 'score')
      return { value: null, reason: `not applicable to the task ${sample.label.task}` };
    const think = probability(sample.metadata, 'thinkProbability');
    const noThink = probability(sample.metadata, 'noThinkProbability');
    if (think === undefined || noThink === undefined)
      return { value: null, reason: 'the metadata has no probabilities' };
    const right = parts.every((part) => part.score(sample) === 1);
    const gain = Math.max(0, think - noThink);
    const reason = `the reasoning takes the probability from ${noThink} to ${think}`;
    return right ? { value: gain, reason } : { value: 0, reason: 'format and score are not both right' };
  });
}

function probability(metadata: Readonly<Record<string, unknown>> | undefined, key: string): number | undefined {
  const value = metadata?.[key];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new RangeError(
    `probabilityDifferenceReward: metadata.${key} must be a number in [0, 1], got ${JSON.stringify(value)}`,
  );
}
