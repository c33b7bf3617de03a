import {
  distillationAdvantages,
  gdpoAdvantages,
  groupAdvantages,
  leaveOneOutAdvantages,
  presets,
  selfDistillationAdvantages,
} from '../../src/index.js';
import { golden, matrix } from '../support/golden.js';
import { counted } from './adv-verl.js';
import type { Comparison, ParityCase } from './case.js';
import { FLOAT32_UNIT, FLOAT64_UNIT, groupErrors } from './rounding.js';

type Scale = 'group' | 'batch' | 'none' | 'gdpo';

interface Case {
  readonly fn: string;
  readonly estimator: 'grpo' | 'rloo' | 'reinforce_plus_plus';
  readonly scale: Scale;
  readonly dtype: 'float32' | 'float64';
  readonly rewards: number[];
  readonly rewardsPerFunc: number[][];
  readonly weights: number[];
  readonly numGenerations: number;
  readonly adv: number[];
  readonly promptIds: number[];
  readonly requestIds?: string[];
  readonly mask: number[][];
  readonly policyLogps: number[][];
  readonly teacherLogps: number[][];
  readonly lam: number;
  readonly clip: number;
  readonly negativeOnly: boolean;
  readonly coef: number;
  readonly rlsd: number[][];
  readonly opd: number[][];
}

function estimate(c: Case, rewards: number[], groups: number[]): Float64Array {
  if (c.scale === 'gdpo') {
    return gdpoAdvantages(c.rewardsPerFunc, groups, {
      weights: c.weights,
      epsilon: 1e-8,
      batch: { ddof: 1, epsilon: 1e-8, epsilonTo: 'deviation' },
    }).advantages;
  }
  if (c.estimator === 'rloo') return leaveOneOutAdvantages(rewards, groups, { scale: c.scale }).advantages;
  const scale = c.estimator === 'reinforce_plus_plus' && c.scale === 'batch' ? 'centred-batch' : c.scale;
  return groupAdvantages(rewards, groups, { ...presets['ms-swift'].advantages, scale }).advantages;
}

function completions(c: Case): Comparison[] {
  const unit = c.dtype === 'float32' ? FLOAT32_UNIT : FLOAT64_UNIT;
  const groups = c.fn.endsWith('dynamic') ? c.promptIds : c.rewards.map((_, i) => Math.floor(i / c.numGenerations));
  // rows of one request are turns of one completion: the last row's reward is the completion's
  const requests = c.requestIds ?? c.rewards.map((_, i) => `row ${i}`);
  const unique = [...new Set(requests)];
  const last = unique.map((request) => requests.lastIndexOf(request));
  const rewards = last.map((i) => c.rewards[i]!);
  const ids = last.map((i) => groups[i]!);
  const advantages = estimate(c, rewards, ids);
  const errors = groupErrors(rewards, ids, c.scale === 'group' ? 1e-4 : null, unit);
  const batch =
    c.scale === 'batch'
      ? groupErrors(
          rewards,
          ids.map(() => 0),
          1e-4,
          unit,
        )[0]!
      : 0;
  const gdpo = c.scale === 'gdpo' ? gdpoError(c, ids, unit) : 0;
  return [
    {
      actual: requests.map((request) => advantages[unique.indexOf(request)]!),
      expected: c.adv,
      tolerance: {
        relative: c.dtype === 'float32' ? 1e-5 : 1e-7,
        absolute: requests.map((request) => 2 * errors[unique.indexOf(request)]! + batch + gdpo),
      },
    },
  ];
}

function gdpoError(c: Case, ids: number[], unit: number): number {
  const columns = c.weights.map((_, k) => c.rewardsPerFunc.map((row) => row[k]!));
  return columns.reduce((sum, column) => sum + Math.max(...groupErrors(column, ids, 1e-8, unit)), 0);
}

function teacher(c: Case): Comparison[] {
  const batch = {
    advantages: c.adv,
    mask: matrix(c.mask),
    logps: matrix(c.policyLogps),
    teacherLogps: matrix(c.teacherLogps),
  };
  const apply = c.negativeOnly ? ('negative' as const) : ('all' as const);
  const rlsd = selfDistillationAdvantages(batch, { mix: c.lam, clip: c.clip, apply });
  const opd = distillationAdvantages(batch, { coefficient: c.coef });
  const tolerance = { relative: 1e-7, absolute: 1e-12 };
  return [
    { actual: rlsd.data, expected: counted(c.rlsd, c.mask), tolerance },
    { actual: opd.data, expected: counted(c.opd, c.mask), tolerance },
  ];
}

export function cases(): ParityCase[] {
  return golden<Case>('adv_swift').cases.map((c) => ({
    file: 'adv_swift',
    name: c.fn === 'rlsd/opd' ? c.fn : `${c.fn} ${c.scale === 'gdpo' ? 'gdpo' : c.estimator}`,
    ...(c.fn !== 'rlsd/opd' && c.scale !== 'gdpo' && c.estimator !== 'rloo' && { preset: 'ms-swift' as const }),
    run: () => (c.fn === 'rlsd/opd' ? teacher(c) : completions(c)),
    ...(c.scale === 'gdpo' &&
      c.rewardsPerFunc.some((row) => row.every(Number.isNaN)) &&
      c.adv.some((a) => Math.abs(a) > 1e-6) && {
        differs: 'counts a completion without any reward as 0 in the batch statistics; here it is left out, as in TRL',
      }),
  }));
}
