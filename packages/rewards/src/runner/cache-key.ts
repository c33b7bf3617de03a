import { isBatchReward } from '../batch-reward.js';
import type { Job } from './jobs.js';
import { messageOf } from './message-of.js';
import type { RunRewardsOptions } from './options.js';

/** The name of a job's value in the cache; `undefined` when it is not to be kept. */
export function cacheKeyOf(job: Job, options: RunRewardsOptions): string | undefined {
  const { reward } = job;
  const sample = job.samples[0]!;
  if (isBatchReward(reward)) return undefined; // its values hang on the other samples too
  if (options.cacheKey !== undefined) return options.cacheKey(reward, sample);
  if (options.cache?.persistent === true && reward.version === undefined) return undefined;
  const { completion, label, prompt, completionIds, finishReason, metadata } = sample;
  try {
    return JSON.stringify([
      reward.name,
      reward.version,
      completion,
      label,
      prompt,
      completionIds,
      finishReason,
      metadata,
    ]);
  } catch (cause) {
    const message = `runRewards: sample "${sample.id}" cannot be written as JSON for the cache, give a cacheKey: ${messageOf(cause)}`;
    throw new Error(message, { cause });
  }
}
