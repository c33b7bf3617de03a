import {
  adaptiveKl,
  gdpoAdvantages,
  generalizedAdvantages,
  gpgAdvantages,
  groupAdvantages,
  leaveOneOutAdvantages,
  lengthWeightedAdvantages,
  optimalTokenBaselineAdvantages,
  passAtKAdvantages,
  presets,
  reinforcePlusPlusAdvantages,
  reinforcePlusPlusBaselineAdvantages,
  remaxAdvantages,
  tokenReturns,
  tokenRewards,
} from '../../src/index.js';
import { golden, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { FLOAT32_UNIT, FLOAT64_UNIT, groupErrors } from './rounding.js';

/** SkyRL's file has the same form. */
export interface Case {
  readonly fn: string;
  readonly dtype: 'float32' | 'float64';
  readonly rewards: number[];
  readonly groups: number[];
  readonly mask: number[][];
  readonly adv: number[][];
  readonly ret: number[][];
  readonly tokenRewards: number[][];
  readonly values: number[][];
  readonly baselines: number[];
  readonly gamma: number;
  readonly lam: number;
  readonly oldLogps: number[][];
  readonly sumPiSquared: number[][];
  readonly isWeights: number[][] | null;
  readonly handleZeroTail: boolean;
  readonly components: number[][];
  readonly weights: number[];
  readonly normByStd: boolean;
  readonly init: number;
  readonly target: number;
  readonly horizon: number;
  readonly steps: [kl: number, n: number, after: number][];
}

const raw = { singletons: 'raw' } as const;

/** Per-completion advantages spread over counted tokens, as the package returns them. */
export function spread(advantages: ArrayLike<number>, mask: number[][]): number[] {
  return mask.flatMap((row, b) => row.map((m) => m * advantages[b]!));
}

/** Rows of `values` where the mask is 1, 0 elsewhere. */
export function counted(values: number[][], mask: number[][]): number[] {
  return values.flatMap((row, b) => row.map((v, t) => (mask[b]![t] === 1 ? v : 0)));
}

function perCompletion(c: Case): ArrayLike<number> {
  const { rewards, groups } = c;
  switch (c.fn) {
    case 'grpo':
    case 'grpo_vectorized':
      return groupAdvantages(rewards, groups, presets.verl.advantages).advantages;
    case 'grpo_nostd':
      return groupAdvantages(rewards, groups, { ...presets.verl.advantages, scale: 'none' }).advantages;
    case 'rloo':
      return leaveOneOutAdvantages(rewards, groups, raw).advantages;
    // this form alone gives singletons 0, which is our default
    case 'rloo_vectorized':
      return leaveOneOutAdvantages(rewards, groups).advantages;
    case 'grpo_passk':
      return passAtKAdvantages(rewards, groups).advantages;
    case 'grpo_passk_nostd':
      return passAtKAdvantages(rewards, groups, { scale: 'none' }).advantages;
    case 'gpg':
      return gpgAdvantages(rewards, groups, raw).advantages;
    default: {
      const lengths = c.mask.map((row) => row.reduce((a, b) => a + b, 0));
      return lengthWeightedAdvantages(rewards, groups, lengths, raw).advantages;
    }
  }
}

function compare(c: Case): Comparison[] {
  const relative = c.dtype === 'float32' ? 1e-5 : 1e-7;
  const unit = c.dtype === 'float32' ? FLOAT32_UNIT : FLOAT64_UNIT;
  if (c.fn === 'AdaptiveKLController') {
    let state = { coefficient: c.init };
    return c.steps.map(([kl, n, after]) => {
      state = adaptiveKl(state, kl, n, c);
      return { actual: state.coefficient, expected: after, tolerance: { relative } };
    });
  }
  const mask = matrix(c.mask);
  const tokens = (actual: { advantages: { data: Float64Array }; returns: { data: Float64Array } }, absolute = 0) => [
    { actual: actual.advantages.data, expected: counted(c.adv, c.mask), tolerance: { relative, absolute } },
    { actual: actual.returns.data, expected: counted(c.ret, c.mask), tolerance: { relative, absolute: 1e-9 } },
  ];
  switch (c.fn) {
    case 'reinforce_plus_plus':
      return tokens(reinforcePlusPlusAdvantages(matrix(c.tokenRewards), mask, c));
    case 'reinforce_plus_plus_baseline': {
      const { advantages } = reinforcePlusPlusBaselineAdvantages(c.rewards, c.groups, mask, raw);
      // whitened by the batch's deviation, at least the 1e-4 that epsilon 1e-8 leaves under the root
      const values = c.adv.flat().filter((_, k) => c.mask.flat()[k] === 1);
      const constant = Math.max(...values) - Math.min(...values) < 0.1;
      const errors = groupErrors(c.rewards, c.groups, null, unit).map((e) => (constant ? 1e4 : 10) * e);
      const absolute = spread(errors, c.mask);
      return [{ actual: advantages.data, expected: c.adv.flat(), tolerance: { relative, absolute } }];
    }
    case 'remax':
      return tokens(remaxAdvantages(matrix(c.tokenRewards), mask, c.baselines));
    case 'gae':
      return tokens(
        generalizedAdvantages(matrix(c.tokenRewards), matrix(c.values), mask, { gamma: c.gamma, lambda: c.lam }),
      );
    case 'optimal_token_baseline':
    case 'tir_optimal_token_baseline': {
      const advantages = optimalTokenBaselineAdvantages(
        {
          returns: tokenReturns(tokenRewards(c.rewards, mask), mask),
          mask,
          groups: c.groups,
          logps: matrix(c.oldLogps),
          sumPiSquared: matrix(c.sumPiSquared),
          importanceWeights: c.isWeights === null ? undefined : matrix(c.isWeights),
        },
        { tail: c.handleZeroTail ? 'zero' : 'keep' },
      );
      return [{ actual: advantages.data, expected: counted(c.adv, c.mask), tolerance: { relative, absolute: 1e-9 } }];
    }
    case 'gdpo': {
      const rows = c.groups.map((_, i) => c.components.map((component) => component[i]!));
      const { advantages } = gdpoAdvantages(rows, c.groups, {
        ...raw,
        weights: c.weights,
        scale: c.normByStd ? 'group' : 'none',
        epsilon: 1e-6,
        batch: { ddof: 1, epsilon: 1e-8, epsilonTo: 'variance' },
        counts: c.mask.map((row) => row.reduce((a, b) => a + b, 0)),
      });
      const perFunction = c.components.map((r) => groupErrors(r, c.groups, c.normByStd ? 1e-6 : null, unit));
      const sum = perFunction.reduce((total, e) => total + Math.max(...e), 0); // the batch's mean and deviation mix groups
      return [
        { actual: spread(advantages, c.mask), expected: c.adv.flat(), tolerance: { relative, absolute: 4 * sum } },
      ];
    }
    default: {
      const epsilon = ['grpo', 'grpo_vectorized', 'grpo_passk'].includes(c.fn) ? 1e-6 : null;
      // grpo_vectorized keeps its group statistics in float32 whatever the rewards
      const inside = c.fn === 'grpo_vectorized' ? FLOAT32_UNIT : unit;
      const absolute = spread(groupErrors(c.rewards, c.groups, epsilon, inside), c.mask);
      const tolerance = { relative: c.fn === 'grpo_vectorized' ? 1e-6 : relative, absolute };
      return [{ actual: spread(perCompletion(c), c.mask), expected: c.adv.flat(), tolerance }];
    }
  }
}

export function cases(): ParityCase[] {
  return golden<Case>('adv_verl').cases.map((c) => ({
    file: 'adv_verl',
    name: c.fn,
    ...(['grpo', 'grpo_vectorized', 'grpo_nostd'].includes(c.fn) && { preset: 'verl' as const }),
    run: () => compare(c),
  }));
}
