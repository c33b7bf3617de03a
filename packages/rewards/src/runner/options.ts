import type { AnyReward } from '../batch-reward.js';
import type { Sample } from '../sample.js';

/**
 * What becomes of samples whose reward failed. 'fail-run': the run rejects. 'null': this reward counts as not applicable.
 * 'zero': this reward is 0, or the end of its range nearest to 0. 'skip': the sample loses all its rewards, its total is `null`.
 * 'fail-group': every sample of its group does.
 */
export type ErrorPolicy = 'fail-run' | 'fail-group' | 'skip' | 'null' | 'zero';

/** Keeps rewards between runs. */
export interface RewardCache {
  /**
   * Whether values outlive the process. If so, only rewards with a `version` are kept, as the reward's code may have changed
   * in the meantime.
   * @defaultValue false
   */
  readonly persistent?: boolean;
  /** The value of a key; `undefined` when it is not there. */
  get(key: string): number | null | undefined | Promise<number | null | undefined>;
  /** Keeps a value. */
  set(key: string, value: number | null): unknown;
}

/** Options of {@link runRewards}. */
export interface RunRewardsOptions {
  /**
   * Weight by reward name.
   * @defaultValue 1 for every reward
   */
  readonly weights?: Readonly<Record<string, number>>;
  /**
   * What becomes of samples whose reward throws, times out, or gives no number in its range; for all rewards, or by name.
   * @defaultValue 'fail-run'
   */
  readonly onError?: ErrorPolicy | Readonly<Record<string, ErrorPolicy>>;
  /**
   * Calls under way at once.
   * @defaultValue 64
   */
  readonly concurrency?: number;
  /**
   * Calls begun in a second, at most.
   * @defaultValue no limit
   */
  readonly perSecond?: number;
  /**
   * Milliseconds after which an asynchronous call is given up and its signal aborted. A reward that blocks the thread cannot be
   * timed out from within it; run it in a worker.
   * @defaultValue no limit
   */
  readonly timeout?: number;
  /**
   * How often a failed call is tried again.
   * @defaultValue 0
   */
  readonly retries?: number;
  /**
   * Milliseconds before the first retry; doubled for each further one.
   * @defaultValue 100
   */
  readonly backoff?: number;
  /**
   * Where values of per-sample rewards are kept.
   * @defaultValue none
   */
  readonly cache?: RewardCache;
  /**
   * Name of a value in the cache; `undefined` leaves it out of the cache.
   * @defaultValue the reward's name and version and all of the sample but id and group, as JSON
   */
  readonly cacheKey?: (reward: AnyReward, sample: Sample) => string | undefined;
  /**
   * Ends the run: it rejects with the signal's reason.
   * @defaultValue none
   */
  readonly signal?: AbortSignal;
  /**
   * Told after each call how many of all calls are done.
   * @defaultValue nothing
   */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}
