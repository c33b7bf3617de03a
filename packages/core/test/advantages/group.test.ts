import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupAdvantages, presets } from '../../src/index.js';
import { rewardGroups } from '../support/arbitraries.js';
import { expectClose, FLOAT64 } from '../support/close.js';
import { golden } from '../support/golden.js';

describe('groupAdvantages', () => {
  test('a group of [1, 0, 0, 1] with deviation 1/√3 (ddof 1) or 1/2 (ddof 0)', () => {
    const rewards = [1, 0, 0, 1];
    const groups = [7, 7, 7, 7];
    const sample = Math.sqrt(3) / 2; // 0.5 / (1/√3)
    expectClose(
      groupAdvantages(rewards, groups, { epsilon: 0 }).advantages,
      [sample, -sample, -sample, sample],
      FLOAT64,
    );
    expectClose(groupAdvantages(rewards, groups, { epsilon: 0, ddof: 0 }).advantages, [1, -1, -1, 1], FLOAT64);
    expect([...groupAdvantages(rewards, groups, { scale: 'none' }).advantages]).toEqual([0.5, -0.5, -0.5, 0.5]);
  });

  test('batch scale: centred in the group, divided by the deviation of all rewards', () => {
    const { advantages } = groupAdvantages([0, 2, 10, 12], ['a', 'a', 'b', 'b'], {
      scale: 'batch',
      epsilon: 0,
      ddof: 0,
    });
    const deviation = Math.sqrt(26); // mean 6, squares 36 + 16 + 16 + 36 over 4
    expectClose(advantages, [-1 / deviation, 1 / deviation, -1 / deviation, 1 / deviation], FLOAT64);
  });

  test.each([0.1, 0.35, 0.7, 1.3, 1e5, -1e-5])('equal rewards of %d give exactly 0 even with epsilon 0', (reward) => {
    for (const scale of ['group', 'batch', 'none'] as const) {
      const result = groupAdvantages(Array(6).fill(reward) as number[], Array(6).fill(0) as number[], {
        epsilon: 0,
        scale,
      });
      expect([...result.advantages]).toEqual([0, 0, 0, 0, 0, 0]);
      expect(result.zeroVarianceGroups).toBe(1);
    }
  });

  test('null and NaN are left out, get 0 and are counted', () => {
    const result = groupAdvantages([1, null, 3, NaN, 5], ['a', 'a', 'a', 'b', 'b'], { scale: 'none' });
    expect([...result.advantages]).toEqual([-1, 0, 1, 0, 0]);
    expect(result).toMatchObject({ groupCount: 2, unscorable: 2, singletonGroups: 1, zeroVarianceGroups: 0 });
  });

  test('singletons', () => {
    const run = (singletons: 'zero' | 'raw' | 'error') =>
      groupAdvantages([4, 1, 2], [0, 1, 1], { singletons, epsilon: 1 });
    expect(run('zero').advantages[0]).toBe(0);
    expect(run('raw').advantages[0]).toBe(2); // 4 / (1 + epsilon)
    expect(() => run('error')).toThrow(
      '`groupAdvantages`: `groups` must have two or more scorable members each, got 0',
    );
  });

  test('mismatch and bad values', () => {
    expect(() => groupAdvantages([1, 2], [0])).toThrow('`groupAdvantages`: `groups` must have length 2, got 1');
    expect(() => groupAdvantages([1, Infinity], [0, 0])).toThrow(
      '`rewards` must be finite or null, at [1], got Infinity',
    );
    expect(() => groupAdvantages([1], [0], { scale: 'std' as 'group' })).toThrow(
      'be one of group, batch, none, got "std"',
    );
    expect(() => groupAdvantages([1], [0], { epsilon: -1 })).toThrow('`epsilon` must be at least 0, got -1');
    expect(groupAdvantages([], []).advantages).toHaveLength(0);
  });

  test('laws: shift, positive scale, permutation, zero sum', () => {
    fc.assert(
      fc.property(
        rewardGroups(),
        fc.double({ min: -100, max: 100, noNaN: true }),
        fc.constantFrom('group' as const, 'batch' as const, 'none' as const),
        fc.integer(),
        ({ rewards, groups }, shift, scale, seed) => {
          const options = { scale, epsilon: 1e-4 };
          const { advantages } = groupAdvantages(rewards, groups, options);
          // deviations below 1e-9 of a shift of 100 are lost to rounding, epsilon 1e-4 turns that into 1e-9 at most
          const shifted = groupAdvantages(
            rewards.map((r) => r + shift),
            groups,
            options,
          );
          expectClose(shifted.advantages, advantages, { relative: 1e-6, absolute: 1e-8 });

          const order = rewards
            .map((_, i) => i)
            .sort((a, b) => ((a * 7919 + seed) % 31) - ((b * 7919 + seed) % 31) || a - b);
          const permuted = groupAdvantages(
            order.map((i) => rewards[i]!),
            order.map((i) => `group ${groups[i]!}`),
            options,
          );
          expectClose(
            permuted.advantages,
            order.map((i) => advantages[i]!),
            { relative: 1e-9, absolute: 1e-9 },
          );

          for (const group of new Set(groups)) {
            const sum = advantages.reduce((total, a, i) => (groups[i] === group ? total + a : total), 0);
            expectClose(sum, 0, { absolute: 1e-9 });
          }
        },
      ),
    );
  });

  test('law: without epsilon, multiplying rewards by a positive number changes nothing', () => {
    fc.assert(
      fc.property(rewardGroups(), fc.double({ min: 0.01, max: 100, noNaN: true }), ({ rewards, groups }, factor) => {
        const options = { epsilon: 0, tolerance: 1e-9 };
        const scaled = groupAdvantages(
          rewards.map((r) => r * factor),
          groups,
          options,
        );
        expectClose(scaled.advantages, groupAdvantages(rewards, groups, options).advantages, { absolute: 1e-6 });
      }),
    );
  });
});

/**
 * A float32 package rounds rewards and means to 2^-24 of their size, and then divides by the deviation: the error it may have
 * made is that of the group with the largest reward over its deviation. In float64 runs nine printed digits are the limit.
 */
function packageError(
  rewards: readonly (number | null)[],
  groups: readonly number[],
  epsilon: number | null,
  unit: number,
) {
  let worst = 0;
  for (const group of new Set(groups)) {
    const members = rewards.filter((r, i): r is number => groups[i] === group && r !== null);
    const centre = members.reduce((a, b) => a + b, 0) / members.length;
    const deviation = Math.sqrt(members.reduce((a, b) => a + (b - centre) ** 2, 0) / Math.max(1, members.length - 1));
    const largest = Math.max(...members.map(Math.abs), 0);
    worst = Math.max(worst, epsilon === null ? largest * unit : (largest * unit) / (deviation + epsilon));
  }
  return worst;
}
const float32Unit = 2 ** -22; // four roundings of 2^-24: reward, sum, mean, difference

interface TrlCase {
  readonly aggregation: string;
  readonly scaleRewards: 'group' | 'batch' | 'none';
  readonly rewardsPerFunc: (number | null)[][];
  readonly weights: number[];
  readonly numGenerations: number;
  readonly advantages: number[];
  readonly metrics: Record<string, number>;
}

describe('golden: trl', () => {
  const cases = golden<TrlCase>('adv_trl').cases.filter((c) => c.aggregation === 'sum_then_normalize');
  test('covers all scales', () => expect(cases).toHaveLength(48));
  test.each(cases.map((c, i) => [i, c.scaleRewards, c] as const))('case %d, scale %s', (_, scale, c) => {
    const rewards = c.rewardsPerFunc.map((row) =>
      row.every((r) => r === null) ? null : row.reduce<number>((sum, r, k) => sum + (r ?? 0) * c.weights[k]!, 0),
    );
    const groups = rewards.map((_, i) => Math.floor(i / c.numGenerations));
    const result = groupAdvantages(rewards, groups, { ...presets.trl.advantages, scale });
    const perGroup = packageError(rewards, groups, scale === 'group' ? 1e-4 : null, float32Unit);
    const batch =
      scale === 'batch' ? packageError(rewards, Array<number>(rewards.length).fill(0), 1e-4, float32Unit) : 0;
    expectClose(result.advantages, c.advantages, { relative: 1e-5, absolute: scale === 'batch' ? batch : perGroup });
  });
});

interface VerlCase {
  readonly fn: string;
  readonly dtype: 'float32' | 'float64';
  readonly rewards: number[];
  readonly groups: number[];
  readonly mask: number[][];
  readonly adv: number[][];
}

describe('golden: verl', () => {
  const cases = golden<VerlCase>('adv_verl').cases.filter((c) => c.fn === 'grpo' || c.fn === 'grpo_nostd');
  test('covers both forms', () => expect(cases).toHaveLength(18));
  test.each(cases.map((c, i) => [i, c.fn, c] as const))('case %d, %s', (_, fn, c) => {
    const options = { ...presets.verl.advantages, scale: fn === 'grpo' ? ('group' as const) : ('none' as const) };
    const { advantages } = groupAdvantages(c.rewards, c.groups, options);
    const perToken = c.mask.map((row, b) => row.map((m) => m * advantages[b]!));
    const epsilon = fn === 'grpo' ? 1e-6 : null;
    const absolute = packageError(c.rewards, c.groups, epsilon, c.dtype === 'float32' ? float32Unit : 2 ** -50);
    expectClose(perToken.flat(), c.adv.flat(), { relative: c.dtype === 'float32' ? 1e-5 : 1e-7, absolute });
  });
});
