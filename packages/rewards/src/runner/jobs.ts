import {
  byGroup,
  isBatchReward,
  type AnyReward,
  type BatchReward,
  type Scores,
  type ScoreStream,
} from '../batch-reward.js';
import type { RewardContext } from '../reward.js';
import type { Sample } from '../sample.js';
import type { Outcome } from './attempt.js';
import { messageOf } from './message-of.js';
import type { RewardIssue } from './table.js';

/** One call of a reward: with one sample, a group, or the batch. */
export interface Job {
  readonly reward: AnyReward;
  readonly column: number;
  readonly samples: readonly Sample[];
  /** Row of each sample in the table. */
  readonly rows: readonly number[];
  /** The call, where it was begun before its turn. */
  readonly begun?: Outcome<unknown> | Promise<Outcome<unknown>>;
}

/** Every call of a reward that a batch needs, from the sample in row `first` on. */
export function jobsOf(samples: readonly Sample[], reward: AnyReward, column: number, first = 0): Job[] {
  if (samples.length === 0) return [];
  if (!isBatchReward(reward))
    return samples.slice(first).map((sample, i) => ({ reward, column, samples: [sample], rows: [first + i] }));
  if (reward.scope !== 'group') return [{ reward, column, samples, rows: Array.from(samples.keys()) }];
  const rowOf = new Map(samples.map((sample, row) => [sample, row]));
  return Array.from(byGroup(samples).values(), (group) => ({
    reward,
    column,
    samples: group,
    rows: group.map((sample) => rowOf.get(sample)!),
  }));
}

type Range = readonly [number, number];

/** Room for rounding at the ends of a reward's range. */
const RANGE_SLACK = 1e-9;

/** Calls the job's reward. What comes back is yet to be checked: a reward may be plain JavaScript. */
export function callReward(job: Job, context: RewardContext): unknown {
  const { reward, samples } = job;
  if (!isBatchReward(reward)) return reward.score(samples[0]!, context);
  return collectScores(reward.scoreBatch(samples, context));
}

/** The job's values in the order of its samples, or what is wrong with what came back. */
export function valuesOf(job: Job, result: unknown): (number | null)[] | string {
  const { reward, samples } = job;
  if (!isBatchReward(reward)) return isValue(result, reward.range) ? [result] : wrongValue(result, reward.range);
  if (!(result instanceof Map)) return `must give a Map by sample id, got ${describe(result)}`;
  const values: (number | null)[] = [];
  for (const { id } of samples) {
    if (!result.has(id)) return `gave no value for sample "${id}"`;
    const value: unknown = result.get(id);
    if (!isValue(value, reward.range)) return `${wrongValue(value, reward.range)} for sample "${id}"`;
    values.push(value);
  }
  return result.size === samples.length ? values : 'gave a value for a sample it was not called with';
}

/** Whether a reward may give this value. */
export function isValue(value: unknown, [low, high]: Range): value is number | null {
  return value === null || (typeof value === 'number' && value >= low - RANGE_SLACK && value <= high + RANGE_SLACK);
}

function wrongValue(value: unknown, [low, high]: Range): string {
  return `must give null or a number in [${low}, ${high}], got ${describe(value)}`;
}

/** What went wrong with the job's call: it failed, or what came back has the `problem`. */
export function issueOf(job: Job, outcome: Outcome<unknown>, problem = ''): RewardIssue {
  const samples = job.samples.map((sample) => sample.id);
  const issue = { reward: job.reward.name, samples };
  if (outcome.ok) return { ...issue, kind: 'value', message: `${nameOf(job)} ${problem}` };
  const { kind, cause } = outcome;
  const text = messageOf(cause);
  return { ...issue, kind, cause, message: `${nameOf(job)} ${kind === 'timeout' ? `gave ${text}` : `threw: ${text}`}` };
}

function nameOf(job: Job): string {
  const ids = job.samples.slice(0, 3).map((sample) => `"${sample.id}"`);
  const more = job.samples.length > ids.length ? ` and ${job.samples.length - ids.length} more` : '';
  return `reward "${job.reward.name}" on sample${job.samples.length > 1 ? 's' : ''} ${ids.join(', ')}${more}`;
}

function isStream(value: unknown): value is ScoreStream {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** The scores of a batch, a stream of them read to its end. */
export function collectScores(scores: ReturnType<BatchReward['scoreBatch']>): Scores | Promise<Scores> {
  return isStream(scores) ? collect(scores) : scores;
}

async function collect(stream: ScoreStream): Promise<Map<string, number | null>> {
  const scores = new Map<string, number | null>();
  for await (const [id, value] of stream) scores.set(id, value);
  return scores;
}

function describe(value: unknown): string {
  if (typeof value === 'number' || value === undefined) return String(value);
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
