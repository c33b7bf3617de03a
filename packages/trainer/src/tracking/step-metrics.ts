import type { Rollout, StepMetrics } from './events.js';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Sample standard deviation (n - 1), 0 for fewer than two values. */
function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** Rewards by function: mean and deviation over the completions a reward applies to. */
function perReward(rollouts: readonly Rollout[]): Record<string, number> {
  const names = Object.keys(rollouts[0]?.rewards ?? {});
  return Object.fromEntries(
    names.flatMap((name) => {
      const values = rollouts.map(({ rewards }) => rewards[name]).filter((value) => typeof value === 'number');
      if (values.length === 0) return [];
      return [
        [`rewards/${name}/mean`, mean(values)],
        [`rewards/${name}/std`, deviation(values)],
      ];
    }),
  );
}

/**
 * What a step's completions say, under TRL's names: `reward_std` is the mean over groups of the deviation inside a group,
 * `frac_reward_zero_std` the share of groups that teach nothing because all their rewards are equal.
 *
 * @param groups - one list of rollouts a prompt
 */
export function rolloutMetrics(groups: readonly (readonly Rollout[])[]): StepMetrics {
  const rollouts = groups.flat();
  const lengths = rollouts.map(({ completion }) => completion.tokens.length);
  const totals = groups.map((group) => group.flatMap(({ total }) => (total === null ? [] : [total])));
  const constant = totals.filter((group) => group.length === 0 || Math.max(...group) === Math.min(...group));
  return {
    reward: mean(totals.flat()),
    reward_std: mean(totals.map(deviation)),
    frac_reward_zero_std: constant.length / Math.max(1, groups.length),
    ...perReward(rollouts),
    unscorable: rollouts.filter(({ total }) => total === null).length,
    'completions/mean_length': mean(lengths),
    'completions/min_length': Math.min(...lengths),
    'completions/max_length': Math.max(...lengths),
    'completions/clipped_ratio': mean(rollouts.map(({ completion }) => (completion.finishReason === 'length' ? 1 : 0))),
  };
}

/** The mean of each figure over several records of the same figures, where it is given. */
export function meanOfEach(records: readonly StepMetrics[]): StepMetrics {
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  const values = (name: string) => records.flatMap((record) => (name in record ? [record[name]!] : []));
  return Object.fromEntries([...names].map((name) => [name, mean(values(name))]));
}
