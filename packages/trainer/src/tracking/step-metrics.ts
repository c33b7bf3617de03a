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

/** How each task does: mean reward, and how long its answers are. */
function perTask(rollouts: readonly Rollout[]): Record<string, number> {
  const tasks = [...new Set(rollouts.map(({ prompt }) => prompt.label.task))];
  return Object.fromEntries(
    tasks.flatMap((task) => {
      const own = rollouts.filter(({ prompt }) => prompt.label.task === task);
      const totals = own.flatMap(({ total }) => (total === null ? [] : [total]));
      return [
        ...(totals.length === 0 ? [] : [[`tasks/${task}/reward`, mean(totals)] as const]),
        [`tasks/${task}/completions`, own.length] as const,
        [`tasks/${task}/mean_length`, mean(own.map(({ completion }) => completion.tokens.length))] as const,
      ];
    }),
  );
}

/**
 * The policy's entropy, in nats per token, at the temperature of sampling: the mean of −log p over tokens drawn from p is an
 * unbiased estimate of it.
 */
function sampledEntropy(rollouts: readonly Rollout[]): Record<string, number> {
  const logps = rollouts.flatMap(({ completion }) => completion.samplerLogps);
  return logps.length === 0 ? {} : { 'sampling/entropy': -mean(logps) };
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
    ...perTask(rollouts),
    ...sampledEntropy(rollouts),
    unscorable: rollouts.filter(({ total }) => total === null).length,
    'completions/count': rollouts.length,
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
