import { isBatchReward, type AnyReward, type BatchReward } from './batch-reward.js';
import type { Reward } from './reward.js';
import { collectScores } from './runner/jobs.js';
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
 * Why a sample got its rewards: one entry a reward, in the order given, in plain words. A reward without an explanation of its
 * own gets its range as the reason. Rewards that compare samples need the batch. Rejects when a reward throws.
 *
 * @param batch - the samples this one is compared with, itself among them
 *
 * @example
 * ```ts
 * const entries = await explain(sample, qInsightRewards());
 * entries.map(explanationLine);
 * // ['format 1: the layout is as asked', 'score 0: said 3.9, the label is 3.1, off by 0.8 (tolerance 0.35)', …]
 * ```
 */
export async function explain(
  sample: Sample,
  rewards: readonly AnyReward[],
  batch: readonly Sample[] = [sample],
): Promise<Explanation[]> {
  return Promise.all(
    rewards.map(async (reward) => {
      const { value, reason } = await (isBatchReward(reward)
        ? explainOne(reward, sample, batch)
        : explainAlone(reward, sample));
      return { reward: reward.name, value, reason: reason ?? `no reason given (range ${reward.range.join(' to ')})` };
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

interface Partial {
  readonly value: number | null;
  readonly reason: string | undefined;
}

async function explainAlone(reward: Reward, sample: Sample): Promise<Partial> {
  return { value: await reward.score(sample), reason: reward.explain?.(sample) };
}

async function explainOne(reward: BatchReward, sample: Sample, batch: readonly Sample[]): Promise<Partial> {
  const seen = reward.scope === 'group' ? batch.filter((other) => other.group === sample.group) : batch;
  const scores = await collectScores(reward.scoreBatch(seen));
  return { value: scores.get(sample.id) ?? null, reason: reward.explainBatch?.(seen).get(sample.id) };
}
