import { isBatchReward } from '../batch-reward.js';
import type { RewardPreset } from '../presets.js';
import type { RunRewardsOptions } from '../runner/options.js';

/** Rewards as they are served: a preset, and how it is run. */
export interface RewardSet
  extends
    Pick<RewardPreset, 'rewards'>,
    Pick<
      RunRewardsOptions,
      'weights' | 'onError' | 'timeout' | 'retries' | 'backoff' | 'concurrency' | 'cache' | 'cacheKey'
    > {
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
