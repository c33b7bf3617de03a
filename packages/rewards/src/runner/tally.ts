import type { AnyReward } from '../batch-reward.js';
import { mean, variance } from '../math/statistics.js';
import type { Sample } from '../sample.js';
import type { Job } from './jobs.js';
import type { ErrorPolicy } from './options.js';
import type { RewardIssue, RewardMetrics, RewardReport } from './table.js';

/** Collects what a run's calls give. */
export interface Tally {
  readonly called: (column: number, calls: number, milliseconds: number) => void;
  readonly retried: (job: Job) => void;
  readonly set: (row: number, column: number, value: number | null) => void;
  readonly gave: (job: Job, values: readonly (number | null)[]) => void;
  readonly fromCache: (job: Job, value: number | null) => void;
  readonly failed: (job: Job, issue: RewardIssue, policy: ErrorPolicy) => void;
  readonly report: (weights: readonly number[]) => RewardReport;
}

/** An empty tally: every value is `null` until a call gives one. */
export function openTally(samples: readonly Sample[], rewards: readonly AnyReward[]): Tally {
  const values = samples.map(() => new Array<number | null>(rewards.length).fill(null));
  const counts = rewards.map(() => ({ calls: 0, milliseconds: 0, retries: 0, cached: 0 }));
  const issues: RewardIssue[] = [];
  const skipped = new Set<string>();
  const failedGroups = new Set<string>();

  function set(row: number, column: number, value: number | null): void {
    values[row]![column] = value;
  }

  function gave(job: Job, given: readonly (number | null)[]): void {
    for (let index = 0; index < given.length; index += 1) set(job.rows[index]!, job.column, given[index]!);
  }

  return {
    set,
    gave,
    called(column, calls, milliseconds) {
      counts[column]!.calls += calls;
      counts[column]!.milliseconds += milliseconds;
    },
    retried(job) {
      counts[job.column]!.retries += 1;
    },
    fromCache(job, value) {
      counts[job.column]!.cached += 1;
      gave(job, [value]);
    },
    failed(job, issue, policy) {
      issues.push(issue);
      const [low, high] = job.reward.range;
      if (policy === 'zero') gave(job, job.samples.map(() => Math.min(Math.max(0, low), high))); // prettier-ignore
      for (const sample of job.samples) {
        if (policy === 'skip') skipped.add(sample.id);
        if (policy === 'fail-group') failedGroups.add(sample.group);
      }
    },
    report(weights) {
      if (skipped.size + failedGroups.size > 0) {
        for (const [row, sample] of samples.entries()) {
          if (skipped.has(sample.id) || failedGroups.has(sample.group)) values[row]!.fill(null);
        }
      }
      const names = rewards.map((reward) => reward.name);
      const metricsOf = (name: string, column: number): RewardMetrics => {
        const given = values.map((row) => row[column] ?? null).filter((value) => value !== null);
        const own = issues.filter((issue) => issue.reward === name);
        const timeouts = own.filter((issue) => issue.kind === 'timeout').length;
        const { calls, milliseconds, retries, cached } = counts[column]!;
        return {
          mean: mean(given),
          std: Math.sqrt(variance(given, 0)),
          nulls: values.length - given.length,
          errors: own.length - timeouts,
          timeouts,
          retries,
          cached,
          calls,
          latency: calls === 0 ? 0 : milliseconds / calls,
        };
      };
      return {
        names,
        ids: samples.map((sample) => sample.id),
        values,
        totals: values.map((row) => weightedSum(row, weights)),
        issues,
        metrics: Object.fromEntries(names.map((name, column) => [name, metricsOf(name, column)])),
      };
    },
  };
}

function weightedSum(row: readonly (number | null)[], weights: readonly number[]): number | null {
  let total: number | null = null;
  for (let column = 0; column < row.length; column += 1) {
    const value = row[column] ?? null;
    if (value !== null) total = (total ?? 0) + value * weights[column]!;
  }
  return total;
}
