import {
  groupAdvantages,
  leaveOneOutAdvantages,
  normalizeAdvantages,
  overlongPenalties,
  presets,
  stopProperlyRewards,
  tokenReturns,
  tokenRewards,
} from '../../src/index.js';
import { golden, matrix } from '../support/golden.js';
import { counted } from './adv-verl.js';
import type { Comparison, ParityCase } from './case.js';

interface Case {
  readonly fn: string;
  readonly rewards: number[];
  readonly groupSize: number;
  readonly mask: number[][];
  readonly kl: number[][] | null;
  readonly klCoef: number;
  readonly gamma: number;
  readonly noStdNorm: boolean;
  readonly rewardClip: [number, number] | null;
  readonly adv: number[][];
  readonly ret: number[][];
}

function shape(c: Case): ArrayLike<number> {
  const groups = c.rewards.map((_, i) => Math.floor(i / c.groupSize));
  switch (c.fn) {
    case 'rloo':
      return leaveOneOutAdvantages(c.rewards, groups).advantages;
    case 'group_norm':
      return groupAdvantages(c.rewards, groups, presets.openrlhf.advantages).advantages;
    case 'dr_grpo':
    case 'reinforce_baseline':
      return groupAdvantages(c.rewards, groups, { ...presets.openrlhf.advantages, scale: 'none' }).advantages;
    case 'flash_reinforce': // the mean of the batch is the baseline: one group of all
      return groupAdvantages(c.rewards, groups.fill(0), { scale: 'none' }).advantages;
    default:
      return c.rewards;
  }
}

/** OpenRLHF turns shaped rewards into returns with KL and discount, and whitens those of the REINFORCE family. */
function compare(c: Case): Comparison[] {
  const mask = matrix(c.mask);
  const [low, high] = c.rewardClip ?? [-Infinity, Infinity];
  const shaped = Array.from(shape(c), (r) => Math.min(high, Math.max(low, r)));
  const kl = c.kl === null || c.klCoef === 0 ? undefined : matrix(c.kl);
  const returns = tokenReturns(tokenRewards(shaped, mask, kl, c.klCoef), mask, { gamma: c.gamma });
  const whitened = c.fn === 'reinforce' || c.fn === 'reinforce_baseline';
  const advantages = whitened
    ? normalizeAdvantages(returns, mask, { ddof: 0, epsilonTo: 'floor', scale: c.noStdNorm ? 'none' : 'standard' })
    : returns;
  // nine digits of rewards up to 1e5 whose differences are printed; whitening runs in float32
  const absolute = 1e-8 * Math.max(1, ...c.rewards.map(Math.abs)) * (c.fn === 'group_norm' ? 1e-3 : 1);
  return [
    {
      actual: advantages.data,
      expected: counted(c.adv, c.mask),
      tolerance: { relative: whitened ? 1e-6 : 1e-7, absolute },
    },
    { actual: returns.data, expected: counted(c.ret, c.mask), tolerance: { relative: 1e-7, absolute } },
  ];
}

interface LengthCase {
  readonly fn: 'apply_overlong_penalty' | 'apply_stop_properly_penalty';
  readonly rewards: number[];
  readonly out: number[];
  readonly lengths: number[];
  readonly maxNewTokens: number;
  readonly buffer: number;
  readonly factor: number;
  readonly truncated: boolean[];
  readonly coef: number;
}

function length(c: LengthCase): Comparison[] {
  const tolerance = { relative: 1e-7 };
  if (c.fn === 'apply_stop_properly_penalty') {
    return [{ actual: stopProperlyRewards(c.rewards, c.truncated, c.coef), expected: c.out, tolerance }];
  }
  const { maxNewTokens: maxLength, buffer, factor } = c;
  const penalties = overlongPenalties(c.lengths, { maxLength, buffer, factor });
  return [{ actual: penalties.map((p, i) => c.rewards[i]! + p), expected: c.out, tolerance }];
}

export function cases(): ParityCase[] {
  return golden<Case | LengthCase>('adv_openrlhf').cases.map((c) => ({
    file: 'adv_openrlhf',
    name: c.fn,
    ...(['group_norm', 'dr_grpo', 'reinforce_baseline'].includes(c.fn) && { preset: 'openrlhf' as const }),
    run: () => (c.fn.startsWith('apply_') ? length(c as LengthCase) : compare(c as Case)),
  }));
}
