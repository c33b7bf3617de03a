import { describe, expect, test } from '@jest/globals';
import {
  distillationAdvantages,
  gdpoAdvantages,
  generalizedAdvantages,
  gpgAdvantages,
  groupAdvantages,
  leaveOneOutAdvantages,
  lengthShapedRewards,
  lengthWeightedAdvantages,
  maxRlAdvantages,
  normalizeAdvantages,
  passAtKAdvantages,
  reinforcePlusPlusAdvantages,
  remaxAdvantages,
  roleAdvantages,
  selfDistillationAdvantages,
  tokenReturns,
  tokenRewards,
  uncertaintyWeights,
} from '../../src/index.js';
import { expectClose, FLOAT64 } from '../support/close.js';
import { matrix } from '../support/golden.js';

const estimators = {
  groupAdvantages,
  leaveOneOutAdvantages,
  maxRlAdvantages,
  passAtKAdvantages,
  gpgAdvantages,
  lengthWeightedAdvantages: (r: (number | null)[], g: number[], o?: object) =>
    lengthWeightedAdvantages(
      r,
      g,
      r.map(() => 1),
      o,
    ),
};

describe.each(Object.entries(estimators))('%s', (name, estimate) => {
  test('leaves null out, counts, and treats singletons as told', () => {
    const rewards = [1, null, 3, 5, 2, 2];
    const groups = [0, 0, 0, 1, 2, 2];
    const result = estimate(rewards, groups);
    expect(result).toMatchObject({ groupCount: 3, unscorable: 1, singletonGroups: 1, zeroVarianceGroups: 1 });
    expect([result.advantages[1], result.advantages[3], result.advantages[4]]).toEqual([0, 0, 0]);
    expect(result.advantages[2]).toBeGreaterThan(0);
    expect(estimate(rewards, groups, { singletons: 'raw' }).advantages[3]).toBeGreaterThan(0);
    expect(() => estimate(rewards, groups, { singletons: 'error' })).toThrow('two or more scorable members');
    expect(() => estimate([1], [])).toThrow(/must have length 1, got 0/);
    expect(() => estimate([Infinity], [0])).toThrow(
      `\`${name}\`: \`rewards\` must be finite or null, at [0], got Infinity`,
    );
  });
});

describe('by hand', () => {
  test('max rl: nothing where nothing is solved, the bare formula if asked', () => {
    expect([...maxRlAdvantages([-1, -3], [0, 0]).advantages]).toEqual([0, 0]);
    expectClose(maxRlAdvantages([-1, -3], [0, 0], { nonPositiveMean: 'formula' }).advantages, [-0.5, 0.5], FLOAT64);
  });
  test('pass at k: the lead over the second best, over the deviation', () => {
    expectClose(passAtKAdvantages([0, 4, 2], [0, 0, 0], { epsilon: 0 }).advantages, [0, 1, 0], FLOAT64); // 2 / 2
    expect([...passAtKAdvantages([4, 4, 2], [0, 0, 0]).advantages]).toEqual([0, 0, 0]);
  });
  test('gpg: α = 4 / 1', () =>
    expectClose(gpgAdvantages([1, 0, 0, 0], [0, 0, 1, 1], { divisor: 2 }).advantages, [1, -1, 0, 0], FLOAT64));
  test('centred batch scale', () => {
    const { advantages } = groupAdvantages([0, 2, 10, 14], ['a', 'a', 'b', 'b'], {
      scale: 'centred-batch',
      epsilon: 0,
      ddof: 0,
    });
    const deviation = Math.sqrt(10 / 4); // of -1, 1, -2, 2
    expectClose(advantages, [-1 / deviation, 1 / deviation, -2 / deviation, 2 / deviation], FLOAT64);
  });
  test('gdpo: a reward of any scale has its say; weights; unscorable rows', () => {
    const loud = [
      [1, 0],
      [0, 0],
      [1, 100],
      [0, 200],
      [null, null],
    ];
    const { advantages, unscorable } = gdpoAdvantages(loud, [0, 0, 0, 0, 0]);
    expect(advantages[0]).toBeLessThan(advantages[2]!);
    expect(advantages[1]).toBeLessThan(advantages[0]!);
    expect([advantages[4], unscorable]).toEqual([0, 1]);
    const accuracyOnly = gdpoAdvantages(loud, [0, 0, 0, 0, 0], { weights: [1, 0] }).advantages;
    expectClose(accuracyOnly[0]!, accuracyOnly[2]!, FLOAT64);
    expect(() => gdpoAdvantages(loud, [0, 0, 0, 0, 0], { weights: [1] })).toThrow(
      '`weights` must have length 2, got 1',
    );
    expect(() => gdpoAdvantages([[1], [1, 2]], [0, 0])).toThrow(
      '`rewards` must have 1 functions in each row, at [1], got 2',
    );
  });
  test('returns: discounted, carried over gaps or forgotten there', () => {
    const mask = matrix([[1, 0, 1, 0]]);
    const rewards = tokenRewards([8], mask, matrix([[1, NaN, 2, NaN]]), 0.5);
    expect([...rewards.data].map((x) => x + 0)).toEqual([-0.5, 0, 7, 0]);
    expectClose(tokenReturns(rewards, mask, { gamma: 0.5 }).data, [3, 0, 7, 0], FLOAT64);
    expectClose(tokenReturns(rewards, mask, { gamma: 0.5, gaps: 'reset' }).data, [-0.5, 0, 7, 0], FLOAT64);
  });
  test('normalize: where epsilon goes', () => {
    const values = matrix([[1, 3]]);
    const mask = matrix([[1, 1]]);
    const at = (epsilonTo: 'variance' | 'deviation' | 'floor') =>
      normalizeAdvantages(values, mask, { ddof: 0, epsilon: 3, epsilonTo }).data[1]!;
    expectClose([at('variance'), at('deviation'), at('floor')], [1 / 2, 1 / 4, 1 / Math.sqrt(3)], FLOAT64);
    expect([...normalizeAdvantages(values, mask, { scale: 'none' }).data]).toEqual([-1, 1]);
    expect([...normalizeAdvantages(matrix([[1.3, 1.3]]), mask, { epsilon: 0 }).data]).toEqual([0, 0]);
  });
  test('reinforce++ and remax', () => {
    const mask = matrix([
      [1, 1],
      [1, 0],
    ]);
    const rewards = tokenRewards([2, 4], mask);
    expectClose(
      reinforcePlusPlusAdvantages(rewards, mask, { scale: 'none' }).advantages.data,
      [-2 / 3, -2 / 3, 4 / 3, 0],
      FLOAT64,
    );
    expectClose(remaxAdvantages(rewards, mask, [1, 1]).advantages.data, [1, 1, 3, 0], FLOAT64);
  });
  test('gae: δ and its discounted sum, over gaps', () => {
    const { returns, advantages } = generalizedAdvantages(
      matrix([[0, 9, 1]]),
      matrix([[0.5, 9, 0.25]]),
      matrix([[1, 0, 1]]),
      {
        gamma: 0.5,
        lambda: 0.5,
        scale: 'none',
      },
    );
    // last: 1 - 0.25 = 0.75; first: 0.5 · 0.25 - 0.5 + 0.25 · 0.75 = -0.1875
    expectClose(returns.data, [0.3125, 0, 1], FLOAT64);
    expectClose(advantages.data, [-0.46875, 0, 0.46875], FLOAT64);
  });
  test('role baselines: used before they move, and returned', () => {
    const { advantages, baselines } = roleAdvantages([1, null, 3], ['a', 'a', 'b'], { a: 0.5 }, { decay: 0.5 });
    expect([...advantages]).toEqual([0.5, 0, 3]);
    expect(baselines).toEqual({ a: 0.75, b: 1.5 });
    expect(() => roleAdvantages([1], ['a'], {}, { decay: 1 })).toThrow('`decay` must be in [0, 1), got 1');
  });
  test('self-distillation keeps the sign; distillation adds', () => {
    const teacher = { mask: matrix([[1, 1]]), logps: matrix([[-1, -1]]), teacherLogps: matrix([[-0.9, -9]]) };
    expectClose(selfDistillationAdvantages({ ...teacher, advantages: [2] }).data, [2 * Math.exp(0.1), 1.6], FLOAT64);
    expectClose(
      selfDistillationAdvantages({ ...teacher, advantages: [-2] }, { mix: 0.5 }).data,
      [-1 - Math.exp(-0.1), -2.2],
      FLOAT64,
    );
    expect([...selfDistillationAdvantages({ ...teacher, advantages: [2] }, { apply: 'negative' }).data]).toEqual([
      2, 2,
    ]);
    expectClose(
      distillationAdvantages({ ...teacher, advantages: [2] }, { coefficient: 0.5 }).data,
      [2.05, -2],
      FLOAT64,
    );
    expect(() => selfDistillationAdvantages({ ...teacher, advantages: [2] }, { mix: 2 })).toThrow(
      '`mix` must be in [0, 1], got 2',
    );
  });
  test('uncertainty: full scatter e^-α, agreement 1', () => {
    expectClose(
      uncertaintyWeights([1, 5, 2, 2, null], [0, 0, 1, 1, 0], { range: 4, strength: 0.5 }),
      [Math.exp(-0.5), Math.exp(-0.5), 1, 1, Math.exp(-0.5)],
      FLOAT64,
    );
    // three of variance 8/3 on a scale of half-range 2, and one alone
    const shared = Math.exp((-0.5 * (8 / 3)) / 4);
    expectClose(
      uncertaintyWeights([1, 3, 5, 1], [0, 0, 0, 1], { range: 4, strength: 0.5 }),
      [shared, shared, shared, 1],
      FLOAT64,
    );
  });
  test('length costs are shares of the mean reward', () => {
    const costs = [
      { amounts: [10, 20], weight: 0.1 },
      { amounts: [1, 1], weight: 0.2 },
    ];
    expectClose(lengthShapedRewards([2, 4], ['a', 'a'], costs), [2 - 3 * 0.25, 4 - 3 * 0.3], FLOAT64);
    expect([...lengthShapedRewards([0, 0], ['a', 'a'], costs)]).toEqual([0, 0]);
  });
});
