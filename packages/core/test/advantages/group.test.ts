import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupAdvantages } from '../../src/index.js';
import { rewardGroups } from '../support/arbitraries.js';
import { expectClose, FLOAT64 } from '../support/close.js';

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
      'be one of group, batch, centred-batch, none, got "std"',
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
