import { gdpoAdvantages, groupAdvantages, type GroupAdvantages } from '@q-insight/core';
import type { RewardTable } from '../runner/table.js';
import type { Sample } from '../sample.js';

/** Options of {@link rewardAdvantages}. */
export interface RewardAdvantageOptions {
  /**
   * 'sum-then-normalize': the weighted sum, normalised within the group (GRPO); the weights are those the table was made with.
   * 'normalize-then-sum': each reward normalised within the group, then the weighted sum, normalised over the batch (GDPO).
   * @defaultValue 'sum-then-normalize'
   */
  readonly order?: 'sum-then-normalize' | 'normalize-then-sum';
  /**
   * Weight by reward name, for 'normalize-then-sum'.
   * @defaultValue 1 for every reward
   */
  readonly weights?: Readonly<Record<string, number>>;
  /**
   * Added to standard deviations.
   * @defaultValue 1e-4
   */
  readonly epsilon?: number;
}

/**
 * Advantages from a reward table. The table stays as it is, so every sample's breakdown is kept beside its advantage. Samples are
 * found by id, in any order.
 *
 * Source: GRPO, arXiv 2402.03300, and GDPO, arXiv 2601.05242, with TRL's constants; the maths is that of `@q-insight/core`.
 * Advantages are in the order of the table's rows. Throws when a row has no sample, or a weight no reward.
 *
 * @example
 * ```ts
 * const table = await runRewards(samples, qInsightRewards());
 * const { advantages } = rewardAdvantages(table, samples, { order: 'normalize-then-sum' });
 * ```
 */
export function rewardAdvantages(
  table: RewardTable,
  samples: readonly Sample[],
  options: RewardAdvantageOptions = {},
): GroupAdvantages {
  const { order = 'sum-then-normalize', weights = {}, epsilon = 1e-4 } = options;
  const groupOf = new Map(samples.map((sample) => [sample.id, sample.group]));
  const groups = table.ids.map((id) => {
    const group = groupOf.get(id);
    if (group === undefined) throw new Error(`rewardAdvantages: the table has a row "${id}" that is no sample`);
    return group;
  });
  if (order === 'sum-then-normalize') return groupAdvantages(table.totals, groups, { epsilon });
  const unknown = Object.keys(weights).find((name) => !table.names.includes(name));
  if (unknown !== undefined)
    throw new Error(`rewardAdvantages: a weight is given for "${unknown}", which is no column`);
  const columns = table.names.map((name) => (Object.hasOwn(weights, name) ? weights[name]! : 1));
  return gdpoAdvantages(table.values, groups, { weights: columns, epsilon });
}
