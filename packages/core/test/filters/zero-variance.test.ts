import { describe, expect, test } from '@jest/globals';
import { aggregationWeights, filterZeroVariance, grpoLoss, type ZeroVariancePolicy } from '../../src/index.js';
import { expectClose, FLOAT64 } from '../support/close.js';
import { matrix } from '../support/golden.js';

const rewards = [1, 1, 0, 1, null];
const groups = ['dead', 'dead', 'alive', 'alive', 'alive'];
const mask = matrix([[1], [1], [1], [1], [1]]);

describe('filterZeroVariance', () => {
  test.each<[ZeroVariancePolicy, number[], number[], number[]]>([
    ['keep', [0, 1, 2, 3, 4], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]],
    ['mask-policy', [0, 1, 2, 3, 4], [1, 1, 1, 1, 1], [0, 0, 1, 1, 1]],
    ['mask-all', [0, 1, 2, 3, 4], [0, 0, 1, 1, 1], [0, 0, 1, 1, 1]],
    ['drop', [2, 3, 4], [0, 0, 1, 1, 1], [0, 0, 1, 1, 1]],
  ])('%s', (policy, rows, all, policyOnly) => {
    const filter = filterZeroVariance(rewards, groups, mask, policy);
    expect(filter.rows).toEqual(rows);
    expect([...filter.mask.data]).toEqual(all);
    expect([...filter.policyMask.data]).toEqual(policyOnly);
    expect(filter.deadRows).toEqual([0, 1]);
  });

  test('groups of one, or with one scorable member, are dead too', () => {
    expect(filterZeroVariance([1, null, 2], ['a', 'b', 'b'], matrix([[1], [1], [1]]), 'keep').deadRows).toEqual([
      0, 1, 2,
    ]);
  });

  test('mask-policy takes dead rows out of the mean of the policy loss, and leaves the KL on them', () => {
    const { policyMask } = filterZeroVariance(rewards, groups, mask, 'mask-policy');
    const batch = {
      logps: matrix([[-1], [-1], [-1], [-1], [-1]]),
      refLogps: matrix([[-2], [-1], [-1], [-1], [-1]]),
      mask,
      advantages: [0, 0, -1, 1, 0],
      policyWeights: aggregationWeights(policyMask, 'token-mean'),
    };
    const { gradient } = grpoLoss(batch, { kl: { coefficient: 1, estimator: 'k2' } });
    expectClose(gradient.data, [1 / 5, 0, 1 / 3, -1 / 3, 0], FLOAT64);
  });

  test('mismatch', () => {
    expect(() => filterZeroVariance([1], ['a'], mask, 'keep')).toThrow('`rewards` must have length 5, got 1');
    expect(() => filterZeroVariance(rewards, groups, mask, 'none' as 'keep')).toThrow('`policy` must be one of keep');
  });
});
