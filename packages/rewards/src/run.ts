import type { Reward } from './reward.js';
import type { Sample } from './sample.js';

/** Rewards of a batch. Rows follow the samples, columns the rewards. */
export interface RewardTable {
  /** Names of the rewards, one a column. */
  readonly names: string[];
  /** Ids of the samples, one a row. */
  readonly ids: string[];
  /** `[sample][reward]`; `null` where the reward does not apply. */
  readonly values: (number | null)[][];
  /** Weighted sum of the row's values that are not `null`; `null` when all are. */
  readonly totals: (number | null)[];
}

/** Options of {@link runRewards}. */
export interface RunRewardsOptions {
  /**
   * Weight by reward name.
   * @defaultValue 1 for every reward
   */
  readonly weights?: Readonly<Record<string, number>>;
}

/** Room for rounding at the ends of a reward's range. */
const RANGE_SLACK = 1e-9;

/**
 * Gives every sample every reward. Samples are kept apart by id: a duplicate id, a duplicate reward name, and a weight for an
 * unknown reward are errors. So is a reward that throws, or gives anything but `null` or a number in its range; the message
 * names reward and sample.
 *
 * @example
 * ```ts
 * const table = await runRewards(samples, qInsightRewards(), { weights: { format: 0.5 } });
 * table.totals[0];
 * ```
 */
export async function runRewards(
  samples: readonly Sample[],
  rewards: readonly Reward[],
  options: RunRewardsOptions = {},
): Promise<RewardTable> {
  const names = rewards.map((reward) => reward.name);
  const ids = samples.map((sample) => sample.id);
  checkUnique('reward name', names);
  checkUnique('sample id', ids);
  const weights = weightsOf(names, options.weights ?? {});
  const values = await Promise.all(
    samples.map((sample) => Promise.all(rewards.map((reward) => scoreOne(reward, sample)))),
  );
  return { names, ids, values, totals: values.map((row) => weightedSum(row, weights)) };
}

async function scoreOne(reward: Reward, sample: Sample): Promise<number | null> {
  const where = `reward "${reward.name}" on sample "${sample.id}"`;
  let value: unknown;
  try {
    value = await reward.score(sample);
  } catch (cause) {
    throw new Error(`runRewards: ${where} threw: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (value === null) return null;
  const [low, high] = reward.range;
  if (typeof value === 'number' && value >= low - RANGE_SLACK && value <= high + RANGE_SLACK) return value;
  throw new RangeError(`runRewards: ${where} must give null or a number in [${low}, ${high}], got ${describe(value)}`);
}

function describe(value: unknown): string {
  return typeof value === 'number' || value === undefined ? String(value) : `a value of type ${typeof value}`;
}

function weightsOf(names: readonly string[], weights: Readonly<Record<string, number>>): number[] {
  for (const [name, weight] of Object.entries(weights)) {
    if (!names.includes(name))
      throw new Error(`runRewards: a weight is given for "${name}", the rewards are ${names.join(', ')}`);
    if (!Number.isFinite(weight))
      throw new RangeError(`runRewards: the weight of "${name}" must be finite, got ${weight}`);
  }
  return names.map((name) => (Object.hasOwn(weights, name) ? weights[name]! : 1));
}

function weightedSum(row: readonly (number | null)[], weights: readonly number[]): number | null {
  let total: number | null = null;
  for (const [column, value] of row.entries()) {
    if (value !== null) total = (total ?? 0) + value * weights[column]!;
  }
  return total;
}

function checkUnique(what: string, values: readonly string[]): void {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) throw new Error(`runRewards: the ${what} "${value}" is there twice`);
    seen.add(value);
  }
}
