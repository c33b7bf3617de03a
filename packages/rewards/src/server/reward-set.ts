import { isBatchReward, type AnyReward } from '../batch-reward.js';
import type { RunRewardsOptions } from '../runner/options.js';

type RunOption = 'weights' | 'onError' | 'timeout' | 'retries' | 'backoff' | 'concurrency' | 'cache' | 'cacheKey';

/** Rewards and how they are run; a preset is one. By default a reward that fails is `null`. */
export interface RewardSet extends Pick<RunRewardsOptions, RunOption> {
  /** The rewards. */
  readonly rewards: readonly AnyReward[];
  /**
   * Whether a sample without a label that can be read is refused, or passes without one, so that the rewards which need a label
   * do not apply to it.
   * @defaultValue 'required'
   */
  readonly labels?: 'required' | 'optional';
  /**
   * What OpenRLHF, slime and NeMo-Gym, which know numbers only, are told of a sample that got no reward at all.
   * @defaultValue 0
   */
  readonly floor?: number;
}

/** Name of the first reward that compares samples, if there is one. */
export function comparingReward(set: RewardSet): string | undefined {
  return set.rewards.find(isBatchReward)?.name;
}
