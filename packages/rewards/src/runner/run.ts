import { isBatchReward, type AnyReward } from '../batch-reward.js';
import type { Reward } from '../reward.js';
import type { Sample } from '../sample.js';
import { scoreAtOnce } from './at-once.js';
import { attempt, type Outcome } from './attempt.js';
import { cacheKeyOf } from './cache-key.js';
import { checkLimits, checkUnique, policiesOf, weightsOf } from './checks.js';
import { callReward, issueOf, jobsOf, valuesOf, type Job } from './jobs.js';
import type { RunRewardsOptions } from './options.js';
import { runPool } from './pool.js';
import { andThen, isPromise } from './promises.js';
import type { RewardReport } from './table.js';
import { openTally } from './tally.js';

/**
 * Gives every sample every reward, and says what went on. Samples are kept apart by id: a duplicate id, a duplicate reward name,
 * and a weight or policy for an unknown reward are errors. A reward that throws, takes too long, or gives anything but `null`
 * or a number in its range is dealt with as `onError` says; by default the run rejects, naming reward and sample.
 *
 * @example
 * ```ts
 * const report = await runRewards(samples, qInsightRewards(), { weights: { format: 0.5 } });
 * report.totals[0]; // what samples[0] earned
 * report.metrics['score']?.mean;
 * ```
 */
export async function runRewards(
  samples: readonly Sample[],
  rewards: readonly AnyReward[],
  options: RunRewardsOptions = {},
): Promise<RewardReport> {
  const names = rewards.map((reward) => reward.name);
  checkUnique('sample id', samples.map((sample) => sample.id)); // prettier-ignore
  checkUnique('reward name', names);
  checkLimits(options);
  const policyOf = policiesOf(names, options.onError);
  const weights = weightsOf(names, options.weights);
  const { timeout, retries = 0, backoff = 100, concurrency = 64, perSecond, cache } = options;
  const signal = options.signal ?? new AbortController().signal;
  const tally = openTally(samples, rewards);
  const limits = { timeout, retries, backoff, signal };
  let done = 0;

  function call(job: Job): Values | undefined | Promise<Values | undefined> {
    const started = performance.now();
    const outcome =
      job.begun ??
      attempt<unknown>(
        (context) => callReward(job, context),
        limits,
        () => tally.retried(job),
      );
    return andThen(outcome, (settled) => {
      tally.called(job.column, 1, performance.now() - started);
      return finish(job, settled);
    });
  }

  function finish(job: Job, outcome: Outcome<unknown>): Values | undefined {
    const values = outcome.ok ? valuesOf(job, outcome.value) : undefined;
    if (Array.isArray(values)) tally.gave(job, values);
    else {
      const issue = issueOf(job, outcome, values);
      const policy = policyOf(job.reward.name);
      if (policy === 'fail-run') throw new Error(`runRewards: ${issue.message}`, { cause: issue.cause });
      tally.failed(job, issue, policy);
    }
    progress();
    return Array.isArray(values) ? values : undefined;
  }

  async function callCached(job: Job): Promise<void> {
    const key = cacheKeyOf(job, options);
    const kept = key === undefined ? undefined : await cache?.get(key);
    if (kept === undefined) {
      const values = await call(job);
      if (key !== undefined && values !== undefined) await cache?.set(key, values[0] ?? null);
      return;
    }
    tally.fromCache(job, kept);
    progress();
  }

  function progress(): void {
    done += 1;
    options.onProgress?.({ done, total });
  }

  /** Makes the calls that answer at once; gives those that are left. */
  function begin(reward: Reward, column: number): Job[] {
    const started = performance.now();
    const stopped = scoreAtOnce(reward, samples, { signal }, (row, value) => {
      tally.set(row, column, value);
      progress();
    });
    tally.called(column, stopped?.row ?? samples.length, performance.now() - started);
    if (stopped === undefined) return [];
    const [job, ...rest] = jobsOf(samples, reward, column, stopped.row);
    const begun: Job = { ...job!, begun: stopped.outcome };
    if (isPromise(stopped.outcome)) return [begun, ...rest];
    void call(begun);
    return rest;
  }

  const isLimited = cache !== undefined || perSecond !== undefined || timeout !== undefined || retries > 0;
  const planned = rewards.map((reward, column) =>
    isLimited || isBatchReward(reward) ? jobsOf(samples, reward, column) : reward,
  );
  const total = planned.reduce((sum, plan) => sum + (Array.isArray(plan) ? plan.length : samples.length), 0);
  const jobs = planned.flatMap((plan, column) => (Array.isArray(plan) ? plan : begin(plan, column)));
  await runPool(jobs, { concurrency, perSecond, signal }, cache === undefined ? call : callCached);
  return tally.report(weights);
}

type Values = readonly (number | null)[];
