import type { StepMetrics } from '../events.js';

/** One line of a chart. */
export interface Curve {
  readonly name: string;
  /** By step; null where the step has no such figure. */
  readonly values: readonly (number | null)[];
}

/** A chart over the steps of a run. */
export interface Chart {
  readonly title: string;
  /** What it shows and what to look for, in a sentence. */
  readonly note: string;
  readonly curves: readonly Curve[];
  /** 'smoothed' draws a running average over the raw values, for what jumps from step to step. */
  readonly drawn: 'smoothed' | 'plain';
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

/** The report's charts, without those that have nothing to show. */
export function chartsOf(rows: readonly StepMetrics[]): Chart[] {
  const curve = (key: string, name: string): Curve[] => {
    const values = rows.map((row) => (Number.isFinite(row[key]) ? row[key]! : null));
    return values.every((value) => value === null) ? [] : [{ name, values }];
  };
  const rewards = [...new Set(rows.flatMap((row) => Object.keys(row)))].flatMap((key) => {
    const name = /^rewards\/(.+)\/mean$/.exec(key)?.[1];
    return name === undefined ? [] : curve(key, name);
  });
  const charts: Chart[] = [
    {
      title: 'Rewards',
      note: 'Mean over the completions of a step: the weighted sum and each reward function.',
      curves: [...curve('reward', 'total'), ...rewards],
      drawn: 'smoothed',
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
  return charts.filter((chart) => chart.curves.length > 0);
}
