import type { AnyReward } from '../batch-reward.js';
import type { Sample } from '../sample.js';
import { explainBy } from './explain.js';

/** One cause of a reward's values, over many samples. */
export interface Cause {
  /** Name of the reward. */
  readonly reward: string;
  /** The reason with what differs from sample to sample left out: numbers are `#`, quoted texts `"…"`, wanted keys aside. */
  readonly cause: string;
  /** How many samples it holds for. */
  readonly count: number;
  /** Share of all samples. */
  readonly share: number;
  /** Mean of the values; `null` when the reward applied to none of them. */
  readonly mean: number | null;
  /** Ids of the first three samples. */
  readonly examples: readonly string[];
}

/**
 * Why samples got their rewards, counted by cause: how many broke which rule of the format, how many named another class, and so
 * on. By reward in the order given, the most frequent cause first. Rejects when a reward throws.
 *
 * @example
 * ```ts
 * const causes = await summarize(samples, qInsightRewards({ style: 'upstream' }));
 * console.log(causes.map(causeLine).join('\n'));
 * // format: 52 of 100 (mean 0): no line break between } and </answer>, for example 7, 12, 13
 * ```
 */
export async function summarize(samples: readonly Sample[], rewards: readonly AnyReward[]): Promise<Cause[]> {
  const causes = await Promise.all(rewards.map((reward) => causesOf(reward, samples)));
  return causes.flat();
}

/** A cause on one line, for logs and reports. */
export function causeLine(cause: Cause): string {
  const total = Math.round(cause.count / cause.share);
  const mean = cause.mean === null ? '-' : Number(cause.mean.toPrecision(4));
  return `${cause.reward}: ${cause.count} of ${total} (mean ${mean}): ${cause.cause}, for example ${cause.examples.join(', ')}`;
}

const QUOTED = /(no key |must have the key |no unquoted number after )?"(?:[^"\\]|\\.)*"/g;
const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;

/** Quoted texts come from the answer and differ; but the key that should be there is the cause itself. */
function causeIn(reason: string): string {
  const kept = reason.replace(QUOTED, (quoted, wanted?: string) => (wanted === undefined ? '"…"' : quoted));
  return kept.replace(NUMBER, '#');
}

async function causesOf(reward: AnyReward, samples: readonly Sample[]): Promise<Cause[]> {
  const byCause = new Map<string, { ids: string[]; sum: number; values: number }>();
  const explanations = await explainBy(reward, samples, samples);
  for (const [index, { value, reason }] of explanations.entries()) {
    const cause = causeIn(reason);
    const entry = byCause.get(cause) ?? { ids: [], sum: 0, values: 0 };
    byCause.set(cause, entry);
    entry.ids.push(samples[index]!.id);
    if (value !== null) {
      entry.sum += value;
      entry.values += 1;
    }
  }
  return Array.from(byCause, ([cause, { ids, sum, values }]) => ({
    reward: reward.name,
    cause,
    count: ids.length,
    share: ids.length / samples.length,
    mean: values === 0 ? null : sum / values,
    examples: ids.slice(0, 3),
  })).toSorted((a, b) => b.count - a.count);
}
