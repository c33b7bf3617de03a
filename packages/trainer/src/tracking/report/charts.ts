import type { StepMetrics } from '../events.js';

/** What a chart shows, by the names its figures have in metrics.jsonl. */
export interface ChartPlan {
  readonly title: string;
  /** What it shows and what to look for, in a sentence. */
  readonly note: string;
  readonly curves: readonly { readonly key: string; readonly name: string }[];
  /**
   * 'smoothed' draws a running average over the raw values, for what jumps from step to step; 'dotted' joins figures that few
   * steps have.
   */
  readonly drawn: 'smoothed' | 'plain' | 'dotted';
}

/** One line of a chart. */
export interface Curve {
  readonly key: string;
  readonly name: string;
  /** By step; null where the step has no such figure. */
  readonly values: readonly (number | null)[];
}

/** A chart over the steps of a run. */
export interface Chart extends ChartPlan {
  readonly curves: readonly Curve[];
}

/** Weight of the past in the smoothed curve. */
const MEMORY = 0.9;

/** Exponential average that starts at the first value instead of at 0, and passes over gaps. */
export function smooth(values: readonly (number | null)[]): (number | null)[] {
  let [sum, weight] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    sum = MEMORY * sum + (1 - MEMORY) * value;
    weight = MEMORY * weight + (1 - MEMORY);
    return sum / weight;
  });
}

/**
 * The charts of a run, without those that have nothing to show.
 *
 * @param keys - names of the figures that it has
 */
export function chartPlans(keys: readonly string[]): ChartPlan[] {
  const has = new Set(keys);
  const curve = (key: string, name: string) => (has.has(key) ? [{ key, name }] : []);
  const curves = (pattern: RegExp) =>
    keys.flatMap((key) => {
      const name = pattern.exec(key)?.[1];
      return name === undefined ? [] : [{ key, name }];
    });
  const plans: ChartPlan[] = [
    {
      title: 'Rewards',
      note: 'Mean over the completions of a step: the weighted sum and each reward function.',
      curves: [...curve('reward', 'total'), ...curves(/^rewards\/(.+)\/mean$/)],
      drawn: 'smoothed',
    },
    {
      title: 'Reward by task',
      note: 'The weighted sum, for each kind of question by itself.',
      curves: curves(/^tasks\/(.+)\/reward$/),
      drawn: 'smoothed',
    },
    {
      title: 'Held-out answers',
      note: 'Of the likeliest answers to prompts that training never saw.',
      curves: [
        ...curve('evaluation/reward', 'reward'),
        ...curve('evaluation/srcc', 'SRCC'),
        ...curve('evaluation/plcc', 'PLCC'),
        ...curve('evaluation/classAccuracy', 'class'),
        ...curve('evaluation/levelAccuracy', 'level'),
      ],
      drawn: 'dotted',
    },
    {
      title: 'Groups without signal',
      note: 'Share of prompts whose completions all got the same reward; such a group teaches nothing.',
      curves: curve('frac_reward_zero_std', 'share of groups'),
      drawn: 'smoothed',
    },
    {
      title: 'KL to the starting model',
      note: 'How far the policy has moved from where it began, in nats per token.',
      curves: curve('kl', 'KL'),
      drawn: 'smoothed',
    },
    {
      title: 'Entropy',
      note: 'How undecided the policy is, in nats per token. Near 0 it has stopped trying other answers.',
      curves: curve('sampling/entropy', 'entropy'),
      drawn: 'smoothed',
    },
    {
      title: 'Answer length',
      note: 'Mean and longest answer of a step, in tokens.',
      curves: [...curve('completions/mean_length', 'mean'), ...curve('completions/max_length', 'longest')],
      drawn: 'smoothed',
    },
    {
      title: 'Gradient norm',
      note: 'Before clipping. The loss itself is near 0 by construction and says nothing.',
      curves: curve('grad_norm', 'norm'),
      drawn: 'smoothed',
    },
    {
      title: 'Learning rate',
      note: 'As the schedule gave it.',
      curves: curve('learning_rate', 'rate'),
      drawn: 'plain',
    },
  ];
  return plans.filter((plan) => plan.curves.length > 0);
}

/** The report's charts: those of the figures that are finite at some step. */
export function chartsOf(rows: readonly StepMetrics[]): Chart[] {
  const valuesOf = (key: string) => rows.map((row) => (Number.isFinite(row[key]) ? row[key]! : null));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const keys = names.filter((key) => rows.some((row) => Number.isFinite(row[key])));
  return chartPlans(keys).map((plan) => ({
    ...plan,
    curves: plan.curves.map(({ key, name }) => ({ key, name, values: valuesOf(key) })),
  }));
}
