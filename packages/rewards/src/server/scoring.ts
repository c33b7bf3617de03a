import { policiesOf } from '../runner/checks.js';
import type { ErrorPolicy } from '../runner/options.js';
import { runRewards } from '../runner/run.js';
import type { RewardReport } from '../runner/table.js';
import type { ImageLimits } from './images.js';
import type { IssueLog } from './issue-log.js';
import type { Metrics } from './metrics.js';
import { readSamples, type SentSample } from './read-samples.js';
import { Refusal } from './refusal.js';
import type { RewardSet } from './reward-set.js';

/** Rewards the samples of one request. Rejects with a refusal. */
export type Scorer = (sent: readonly SentSample[], signal: AbortSignal) => Promise<RewardReport>;

/** What a scorer works with. */
export interface ScorerParts extends ImageLimits {
  readonly sampleLimit: number;
  readonly metrics: Metrics;
  readonly issues: IssueLog;
}

/** The scorer of a set. Rejects when the set makes no sense: a weight for a reward that is not there, a name twice. */
export async function openScorer(set: RewardSet, parts: ScorerParts): Promise<Scorer> {
  const names = set.rewards.map((reward) => reward.name);
  if (names.length === 0) throw new Error('serveRewards: there are no rewards to serve');
  const policyOf = policiesOf(names, set.onError ?? 'null');
  // A run that is stopped by a failure has no report; so it goes on, and the failure is told afterwards.
  const onError = Object.fromEntries(names.map((name) => [name, softened(policyOf(name))]));
  const options = { ...set, onError };
  await runRewards([], set.rewards, options);

  return async (sent, signal) => {
    if (sent.length > parts.sampleLimit)
      throw new Refusal('too_large', `a request may hold ${parts.sampleLimit} samples, this one has ${sent.length}`);
    const samples = await readSamples(sent, set, parts);
    const report = await runRewards(samples, set.rewards, { ...options, signal });
    parts.metrics.scored(report);
    parts.issues(report.issues);
    const fatal = report.issues.find((issue) => policyOf(issue.reward) === 'fail-run');
    if (fatal !== undefined)
      throw new Refusal('reward_failed', fatal.message, { reward: fatal.reward, samples: fatal.samples });
    return report;
  };
}

function softened(policy: ErrorPolicy): ErrorPolicy {
  return policy === 'fail-run' ? 'null' : policy;
}

/** The lowest and highest total that a sample with these components can have; `undefined` when there is no bound. */
export function totalRange(
  set: RewardSet,
  components: readonly (number | null)[],
): readonly [number, number] | undefined {
  let [low, high] = [0, 0];
  for (const [column, reward] of set.rewards.entries()) {
    if (components[column] === null) continue;
    const weight = set.weights?.[reward.name] ?? 1;
    const ends = reward.range.map((end) => (weight === 0 ? 0 : weight * end));
    low += Math.min(...ends);
    high += Math.max(...ends);
  }
  return Number.isFinite(high - low) && high > low ? [low, high] : undefined;
}

/** The components of a row by name. */
export function componentsOf(report: RewardReport, row: number): Record<string, number | null> {
  return Object.fromEntries(report.names.map((name, column) => [name, report.values[row]![column] ?? null]));
}

/** A row's total, or the floor for callers that know numbers only. */
export function numberOf(set: RewardSet, report: RewardReport, row: number): number {
  return report.totals[row] ?? set.floor ?? 0;
}
