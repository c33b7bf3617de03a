import { reasonOf, type Judgement, type Reward, type RewardContext } from './reward.js';
import type { Sample } from './sample.js';

/** A value for each sample, by its id. */
export type Scores = ReadonlyMap<string, number | null>;

/** Values that come in one by one. */
export type ScoreStream = AsyncIterable<readonly [id: string, value: number | null]>;

/**
 * A reward that needs several samples at once, such as one that ranks images against each other. Values come back by sample
 * id, so they cannot slip out of line.
 *
 * @example
 * ```ts
 * const shortest: BatchReward = {
 *   name: 'shortest',
 *   range: [0, 1],
 *   scope: 'group',
 *   scoreBatch(samples) {
 *     const least = Math.min(...samples.map((sample) => sample.completion.length));
 *     return new Map(samples.map((sample) => [sample.id, sample.completion.length === least ? 1 : 0]));
 *   },
 * };
 * ```
 */
export interface BatchReward {
  /** Names the reward in tables, weights and messages; unique among the rewards used together. */
  readonly name: string;
  /** Lowest and highest value; a value outside is an error. */
  readonly range: readonly [number, number];
  /**
   * 'batch': called once, with all samples; 'group': called once for each group, with its samples.
   * @defaultValue 'batch'
   */
  readonly scope?: 'batch' | 'group';
  /**
   * The reward of every sample given, by id; `null` where it does not apply. All at once, or one by one as they come in from
   * an async generator of `[id, value]`.
   */
  scoreBatch(samples: readonly Sample[], context?: RewardContext): Scores | Promise<Scores> | ScoreStream;
  /** Why, by id, in plain words and without the value itself. */
  explainBatch?(samples: readonly Sample[]): ReadonlyMap<string, string>;
}

/** A reward of either kind. */
export type AnyReward = Reward | BatchReward;

/** Tells the kinds apart. */
export function isBatchReward(reward: AnyReward): reward is BatchReward {
  return 'scoreBatch' in reward;
}

/** A batch reward whose values and reasons come from the same `judge`. */
export function batchRewardFrom(
  name: string,
  range: readonly [number, number],
  scope: 'batch' | 'group',
  judge: (samples: readonly Sample[]) => ReadonlyMap<string, Judgement>,
): BatchReward {
  const pick =
    <T>(part: (judgement: Judgement) => T) =>
    (samples: readonly Sample[]): Map<string, T> =>
      new Map(Array.from(judge(samples), ([id, judgement]) => [id, part(judgement)]));
  return { name, range, scope, scoreBatch: pick((j) => j.value), explainBatch: pick(reasonOf) };
}

/** The samples of each group, in order of appearance. */
export function byGroup(samples: readonly Sample[]): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const members = groups.get(sample.group);
    if (members === undefined) groups.set(sample.group, [sample]);
    else members.push(sample);
  }
  return groups;
}
