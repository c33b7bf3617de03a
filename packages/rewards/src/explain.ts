import type { Reward } from './reward.js';
import type { Sample } from './sample.js';

/** What one reward gave a sample, and why. */
export interface Explanation {
  /** Name of the reward. */
  readonly reward: string;
  /** Its value; `null` when it does not apply. */
  readonly value: number | null;
  /** Why. */
  readonly reason: string;
}

/**
 * Why a sample got its rewards: one entry a reward, in the order given, in plain words. A reward without an `explain` of its
 * own gets its range as the reason. Rejects when a reward throws.
 *
 * @example
 * ```ts
 * const entries = await explain(sample, qInsightRewards());
 * entries.map(explanationLine);
 * // ['format 1: the layout is as asked', 'score 0: said 3.9, the label is 3.1, off by 0.8 (tolerance 0.35)', …]
 * ```
 */
export async function explain(sample: Sample, rewards: readonly Reward[]): Promise<Explanation[]> {
  return Promise.all(
    rewards.map(async (reward) => {
      const value = await reward.score(sample);
      const reason = reward.explain?.(sample) ?? `no reason given (range ${reward.range.join(' to ')})`;
      return { reward: reward.name, value, reason };
    }),
  );
}

/**
 * An explanation on one line, for logs and reports.
 *
 * @example
 * ```ts
 * explanationLine({ reward: 'format', value: 0, reason: 'no </think> was found' }); // 'format 0: no </think> was found'
 * ```
 */
export function explanationLine(explanation: Explanation): string {
  return `${explanation.reward} ${explanation.value ?? '-'}: ${explanation.reason}`;
}
