import type { Place } from '../answer/reading.js';
import { isBatchReward, type AnyReward } from '../batch-reward.js';
import { collectScores } from '../runner/jobs.js';
import type { Sample } from '../sample.js';

/** What one reward gave a sample, and why. */
export interface Explanation {
  /** Name of the reward. */
  readonly reward: string;
  /** Its value; `null` when it does not apply. */
  readonly value: number | null;
  /** Why. */
  readonly reason: string;
  /** What in the completion the reason is about, when it is about a part of it. */
  readonly place?: Place;
}

/**
 * Why a sample got its rewards: one entry a reward, in the order given, in plain words. A reward without an explanation of its
 * own gets its range as the reason. Rewards that compare samples need the batch. Rejects when a reward throws.
 *
 * @param batch - the samples this one is compared with, itself among them
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
      const [explanation] = await explainBy(reward, [sample], batch);
      return explanation!;
    }),
  );
}

/** What a reward gave some samples of a batch, and why, in their order. The batch is rewarded once for all of them. */
export async function explainBy(
  reward: AnyReward,
  samples: readonly Sample[],
  batch: readonly Sample[],
): Promise<Explanation[]> {
  if (isBatchReward(reward) && reward.scope === 'group') {
    const groups = new Set(samples.map((sample) => sample.group));
    const parts = await Promise.all(
      Array.from(groups, (group) => scoresOf({ ...reward, scope: 'batch' }, batch.filter((sample) => sample.group === group))), // prettier-ignore
    );
    const all = new Map(parts.flatMap((part) => [...part]));
    return samples.map((sample) => all.get(sample.id)!);
  }
  const all = await scoresOf(reward, isBatchReward(reward) ? batch : samples);
  return samples.map((sample) => all.get(sample.id)!);
}

async function scoresOf(reward: AnyReward, samples: readonly Sample[]): Promise<Map<string, Explanation>> {
  const fallback = `no reason given (range ${reward.range.join(' to ')})`;
  if (isBatchReward(reward)) {
    const scores = await collectScores(reward.scoreBatch(samples));
    const reasons = reward.explainBatch?.(samples);
    const explained = samples.map(({ id }) => {
      const entry = { reward: reward.name, value: scores.get(id) ?? null, reason: reasons?.get(id) ?? fallback };
      return [id, entry] as const;
    });
    return new Map(explained);
  }
  const explained = samples.map(async (sample): Promise<[string, Explanation]> => {
    const value = await reward.score(sample);
    const place = reward.locate?.(sample);
    const entry = { reward: reward.name, value, reason: reward.explain?.(sample) ?? fallback };
    return [sample.id, place === undefined ? entry : { ...entry, place }];
  });
  return new Map(await Promise.all(explained));
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
