/** Figures whose own name has no group, or one that would be too small for a page of its own. */
const TAGS: Readonly<Record<string, string>> = {
  reward: 'reward/mean',
  reward_std: 'reward/std',
  frac_reward_zero_std: 'reward/zero_std_share',
  unscorable: 'reward/unscorable',
  step_time: 'time/step',
  tokens_per_second: 'time/tokens_per_second',
};

/**
 * The tag of a figure of metrics.jsonl: TensorBoard puts what shares the part before the first slash on one page. Rewards
 * come under `reward/`, by function as `reward/<name>/mean`; what has no group, such as the loss, under `train/`.
 */
export function scalarTag(figure: string): string {
  const reward = /^rewards\/(.+)$/.exec(figure)?.[1];
  if (reward !== undefined) return `reward/${reward}`;
  return TAGS[figure] ?? (figure.includes('/') ? figure : `train/${figure}`);
}
