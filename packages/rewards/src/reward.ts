import type { Place } from './answer/reading.js';
import type { Sample } from './sample.js';

/** What the runner tells a reward beside the sample. */
export interface RewardContext {
  /** Aborts when the run is aborted or this call has timed out: hand it to `fetch` and the like. */
  readonly signal: AbortSignal;
}

/**
 * A reward function for one sample at a time. A plain object, so that anyone can write one:
 *
 * @example
 * ```ts
 * const short: Reward = { name: 'short', range: [0, 1], score: (sample) => (sample.completion.length < 400 ? 1 : 0) };
 * ```
 */
export interface Reward {
  /** Names the reward in tables, weights and messages; unique among the rewards used together. */
  readonly name: string;
  /** Lowest and highest value; a value outside is an error. */
  readonly range: readonly [number, number];
  /**
   * Which state of the reward's code and settings this is. A cache that outlives the process keeps values of rewards that have
   * one; change it when the reward gives other values than before.
   */
  readonly version?: string;
  /** The reward; `null` when it does not apply to this sample, for example a score reward on a degradation sample. */
  score(sample: Sample, context?: RewardContext): number | null | Promise<number | null>;
  /** Why the sample gets this value, in plain words and without the value itself. */
  explain?(sample: Sample): string;
  /** What in the completion the reason is about; `undefined` when it is about none or all of it. */
  locate?(sample: Sample): Place | undefined;
}

/** A reward together with the reason for it. */
export interface Judgement {
  readonly value: number | null;
  /** A function where writing the reason costs more than finding the value. */
  readonly reason: string | (() => string);
  readonly place?: Place;
}

/** A reward whose value and reason come from the same `judge`, so that they cannot disagree. */
export function rewardFrom(
  name: string,
  range: readonly [number, number],
  judge: (sample: Sample) => Judgement,
): Reward {
  return {
    name,
    range,
    score: (sample) => judge(sample).value,
    explain: (sample) => reasonOf(judge(sample)),
    locate: (sample) => judge(sample).place,
  };
}

/** The judgement on a sample that the reward is not made for. */
export function notApplicable(sample: Sample): Judgement {
  return { value: null, reason: `not applicable to the task ${sample.label.task}` };
}

/** The reason in words. */
export function reasonOf(judgement: Judgement): string {
  return typeof judgement.reason === 'string' ? judgement.reason : judgement.reason();
}
