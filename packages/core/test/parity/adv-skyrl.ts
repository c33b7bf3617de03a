import {
  groupAdvantages,
  leaveOneOutAdvantages,
  maxRlAdvantages,
  passAtKAdvantages,
  presets,
  reinforcePlusPlusAdvantages,
} from '../../src/index.js';
import { golden, matrix } from '../support/golden.js';
import { type Case as VerlCase, counted, spread } from './adv-verl.js';
import type { Comparison, ParityCase } from './case.js';
import { FLOAT32_UNIT, groupErrors } from './rounding.js';

type Case = Pick<VerlCase, 'fn' | 'dtype' | 'rewards' | 'groups' | 'mask' | 'adv' | 'ret' | 'tokenRewards' | 'gamma'>;

type System = 'skyrl' | 'easyr1';

const raw = { singletons: 'raw' } as const;

function perCompletion({ fn, rewards, groups }: Case, system: System): ArrayLike<number> {
  const { advantages: options } = presets[system];
  if (fn === 'grpo') return groupAdvantages(rewards, groups, options).advantages;
  if (fn === 'grpo_nostd') return groupAdvantages(rewards, groups, { ...options, scale: 'none' }).advantages;
  if (fn === 'grpo_passk') return passAtKAdvantages(rewards, groups).advantages;
  if (fn === 'rloo') return leaveOneOutAdvantages(rewards, groups).advantages;
  return maxRlAdvantages(rewards, groups, { ...raw, epsilon: 1e-6, nonPositiveMean: 'formula' }).advantages;
}

/** The divisor of each estimator in its smallest group decides how far float32 rounding is blown up. */
function allowed(c: Case): number[] {
  if (c.fn !== 'maxrl') {
    const epsilon = c.fn === 'grpo' || c.fn === 'grpo_passk' ? 1e-6 : null;
    return groupErrors(c.rewards, c.groups, epsilon, FLOAT32_UNIT);
  }
  const errors = groupErrors(c.rewards, c.groups, null, FLOAT32_UNIT);
  return c.groups.map((group, i) => {
    const members = c.rewards.filter((_, j) => c.groups[j] === group);
    const mean = members.reduce((a, b) => a + b, 0) / members.length + 1e-6;
    const spreadOut = Math.max(...members.map((r) => Math.abs(r - mean)));
    // the mean divides, and is itself off by the same rounding
    return errors[i]! / Math.abs(mean) + (spreadOut * errors[i]!) / mean ** 2;
  });
}

function compare(c: Case, system: System): Comparison[] {
  if (c.fn.startsWith('reinforce')) {
    const { advantages, returns } = reinforcePlusPlusAdvantages(matrix(c.tokenRewards), matrix(c.mask), {
      gamma: c.gamma,
      gaps: 'reset',
    });
    const tolerance = { relative: c.dtype === 'float32' ? 1e-5 : 1e-6, absolute: 1e-9 };
    return [
      { actual: advantages.data, expected: counted(c.adv, c.mask), tolerance },
      { actual: returns.data, expected: counted(c.ret, c.mask), tolerance },
    ];
  }
  const tolerance = { relative: 1e-6, absolute: spread(allowed(c), c.mask) };
  return [{ actual: spread(perCompletion(c, system), c.mask), expected: c.adv.flat(), tolerance }];
}

/** SkyRL and EasyR1 share verl's early estimators, and keep group statistics in float32. */
export function cases(): ParityCase[] {
  return (['skyrl', 'easyr1'] as const).flatMap((system) =>
    golden<Case>(`adv_${system}`).cases.map((c) => ({
      file: `adv_${system}`,
      name: c.fn,
      ...(['grpo', 'grpo_nostd'].includes(c.fn) && { preset: system }),
      run: () => compare(c, system),
    })),
  );
}
