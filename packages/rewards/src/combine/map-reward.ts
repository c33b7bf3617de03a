import { isBatchReward, type AnyReward, type BatchReward, type Scores } from '../batch-reward.js';
import type { Reward, RewardContext } from '../reward.js';
import { collectScores } from '../runner/jobs.js';
import { andThen, together } from '../runner/promises.js';
import type { Sample } from '../sample.js';

/** How a reward is changed: value by value, knowing the sample. */
export interface Change {
  readonly range: readonly [number, number];
  /** All that decides what the change does; `undefined` when that cannot be written down. */
  readonly version: string | undefined;
  readonly value: (
    value: number | null,
    sample: Sample,
    context?: RewardContext,
  ) => number | null | Promise<number | null>;
  readonly reason: (reason: string, sample: Sample) => string;
}

/** A reward of the same kind with its values changed. Stays synchronous when reward and change are. */
export function mapReward<R extends AnyReward>(reward: R, change: Change): R {
  const mapped = isBatchReward(reward) ? mapBatch(reward, change) : mapSingle(reward, change);
  return { ...reward, ...mapped, range: change.range };
}

function mapSingle(reward: Reward, change: Change): object {
  const hasReason = reward.explain !== undefined;
  const isKnown = reward.version !== undefined && change.version !== undefined;
  return {
    version: isKnown ? JSON.stringify([reward.version, change.version]) : undefined,
    score: (sample: Sample, context?: RewardContext) =>
      andThen(reward.score(sample, context), (value) => change.value(value, sample, context)),
    ...(hasReason && { explain: (sample: Sample) => change.reason(reward.explain?.(sample) ?? '', sample) }),
  };
}

function mapBatch(reward: BatchReward, change: Change): object {
  const hasReason = reward.explainBatch !== undefined;
  return {
    scoreBatch: (samples: readonly Sample[], context?: RewardContext) =>
      andThen(collectScores(reward.scoreBatch(samples, context)), (scores) =>
        changeAll(scores, samples, change, context),
      ),
    ...(hasReason && {
      explainBatch(samples: readonly Sample[]) {
        const reasons = reward.explainBatch?.(samples);
        return new Map(samples.map((sample) => [sample.id, change.reason(reasons?.get(sample.id) ?? '', sample)]));
      },
    }),
  };
}

/** Values of samples the reward left out stay left out, for the runner to find. */
function changeAll(
  scores: Scores,
  samples: readonly Sample[],
  change: Change,
  context: RewardContext | undefined,
): Scores | Promise<Scores> {
  const known = new Map(samples.map((sample) => [sample.id, sample]));
  const entries = Array.from(scores, ([id, value]) => {
    const sample = known.get(id);
    const changed = sample === undefined ? value : change.value(value, sample, context);
    return andThen(changed, (result) => [id, result] as const);
  });
  return andThen(together(entries), (all) => new Map(all));
}
