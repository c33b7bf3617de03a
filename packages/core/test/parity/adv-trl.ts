import {
  gdpoAdvantages,
  groupAdvantages,
  leaveOneOutAdvantages,
  normalizeAdvantages,
  presets,
} from '../../src/index.js';
import { golden, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { FLOAT32_UNIT, groupErrors } from './rounding.js';

interface GrpoCase {
  readonly aggregation: 'sum_then_normalize' | 'normalize_then_sum';
  readonly scaleRewards: 'group' | 'batch' | 'none';
  readonly rewardsPerFunc: (number | null)[][];
  readonly weights: number[];
  readonly numGenerations: number;
  readonly advantages: number[];
}

interface RlooCase {
  readonly rewardsPerFunc: (number | null)[][];
  readonly numGenerations: number;
  readonly beta: number;
  readonly rewardClip: [number, number] | null;
  readonly normalizeAdvantages: boolean;
  readonly completionLengths: number[];
  readonly oldLogps: number[][] | null;
  readonly refLogps: number[][] | null;
  readonly advantages: number[];
}

/** TRL's weighted sum: null is left out, a row of nothing but null is unscorable. */
function weightedSum(row: (number | null)[], weights: ArrayLike<number>): number | null {
  if (row.every((r) => r === null)) return null;
  return row.reduce<number>((sum, r, k) => sum + (r ?? 0) * weights[k]!, 0);
}

const groupsOf = (count: number, size: number) => Array.from({ length: count }, (_, i) => Math.floor(i / size));

function grpo(c: GrpoCase): Comparison[] {
  const groups = groupsOf(c.rewardsPerFunc.length, c.numGenerations);
  if (c.aggregation === 'normalize_then_sum') {
    const { advantages } = gdpoAdvantages(c.rewardsPerFunc, groups, { weights: c.weights });
    const columns = c.weights.map((_, k) => c.rewardsPerFunc.map((row) => row[k]!));
    const errors = columns.map((column) => Math.max(...groupErrors(column, groups, 1e-4, FLOAT32_UNIT)));
    const absolute = 4 * errors.reduce((a, b) => a + b, 0);
    return [{ actual: advantages, expected: c.advantages, tolerance: { relative: 1e-5, absolute } }];
  }
  const rewards = c.rewardsPerFunc.map((row) => weightedSum(row, c.weights));
  const { advantages } = groupAdvantages(rewards, groups, { ...presets.trl.advantages, scale: c.scaleRewards });
  const errors = groupErrors(rewards, groups, c.scaleRewards === 'group' ? 1e-4 : null, FLOAT32_UNIT);
  const batch =
    c.scaleRewards === 'batch'
      ? groupErrors(rewards, groupsOf(rewards.length, rewards.length), 1e-4, FLOAT32_UNIT)
      : [];
  const absolute = errors.map((e, i) => (batch.length > 0 ? batch[i]! : e));
  return [{ actual: advantages, expected: c.advantages, tolerance: { relative: 1e-5, absolute } }];
}

function rloo(c: RlooCase): Comparison[] {
  const groups = groupsOf(c.rewardsPerFunc.length, c.numGenerations);
  const rewards = c.rewardsPerFunc.map((row, b) => {
    const sum = weightedSum(row, new Float64Array(row.length).fill(1));
    if (sum === null) return null;
    const clipped = c.rewardClip ? Math.min(c.rewardClip[1], Math.max(c.rewardClip[0], sum)) : sum;
    const tokens = c.oldLogps?.[b]?.slice(0, c.completionLengths[b]) ?? [];
    return clipped - c.beta * tokens.reduce((kl, lp, t) => kl + lp - c.refLogps![b]![t]!, 0);
  });
  let { advantages } = leaveOneOutAdvantages(rewards, groups);
  let absolute = groupErrors(rewards, groups, null, FLOAT32_UNIT).map((e) => 4 * e);
  if (c.normalizeAdvantages) {
    const scorable = rewards.map((r) => [r === null ? 0 : 1]);
    const asColumn = matrix([...advantages].map((a) => [a]));
    advantages = normalizeAdvantages(asColumn, matrix(scorable), { epsilon: 1e-4, epsilonTo: 'deviation' }).data;
    absolute = groupErrors(rewards, groupsOf(rewards.length, rewards.length), 1e-4, FLOAT32_UNIT).map((e) => 4 * e);
  }
  return [{ actual: advantages, expected: c.advantages, tolerance: { relative: 1e-5, absolute } }];
}

export function cases(): ParityCase[] {
  const grpoCases = golden<GrpoCase>('adv_trl').cases.map((c) => ({
    file: 'adv_trl',
    name:
      c.aggregation === 'normalize_then_sum'
        ? 'GRPOTrainer, normalize_then_sum'
        : `GRPOTrainer, scale_rewards ${c.scaleRewards}`,
    ...(c.aggregation === 'sum_then_normalize' && { preset: 'trl' as const }),
    run: () => grpo(c),
  }));
  const rlooCases = golden<RlooCase>('adv_trl_rloo').cases.map((c) => ({
    file: 'adv_trl_rloo',
    name: 'RLOOTrainer',
    run: () => rloo(c),
  }));
  return [...grpoCases, ...rlooCases];
}
