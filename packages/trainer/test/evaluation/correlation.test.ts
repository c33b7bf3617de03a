import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { averageRanks, pearson, spearman } from '../../src/evaluation/correlation.js';
import { scipyCases } from './scipy-cases.js';

describe.each(scipyCases)('scipy, $kind', ({ pred, mos, plcc, srcc, ranksPred, ranksMos }) => {
  test('pearsonr and spearmanr', () => {
    // stored with nine digits
    expect(Math.abs(pearson(pred, mos)! - plcc)).toBeLessThan(1e-8);
    expect(Math.abs(spearman(pred, mos)! - srcc)).toBeLessThan(1e-8);
  });

  test('ranks', () => {
    expect(averageRanks(pred)).toEqual(ranksPred);
    expect(averageRanks(mos)).toEqual(ranksMos);
  });
});

test('by hand', () => {
  expect(averageRanks([10, 20, 20, 5])).toEqual([2, 3.5, 3.5, 1]);
  // ranks 1 2 3 against 1 3 2: 1 - 6 * (0 + 1 + 1) / (3 * 8)
  expect(spearman([1, 2, 3], [1, 9, 4])).toBeCloseTo(0.5, 12);
  expect(pearson([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
});

test('undefined for a constant side and for fewer than two pairs', () => {
  expect(pearson([], [])).toBeNull();
  expect(pearson([1], [2])).toBeNull();
  expect(pearson([1, 2], [3, 3])).toBeNull();
  expect(spearman([0.1 + 0.2, 0.1 + 0.2, 0.1 + 0.2], [1, 2, 3])).toBeNull(); // by equality, not by a computed spread
});

test('refuses unequal lengths and what is not finite', () => {
  expect(() => pearson([1, 2], [1])).toThrow('pearson: expected as many x as y, got 2 and 1');
  expect(() => spearman([1, NaN], [1, 2])).toThrow('spearman: expected finite values, got NaN');
});

const values = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 })), {
  minLength: 2,
  maxLength: 40,
});

test('laws: symmetric, within [-1, 1], unmoved by rising maps', () => {
  fc.assert(
    fc.property(values, (pairs) => {
      const x = pairs.map(([a]) => a);
      const y = pairs.map(([, b]) => b);
      const r = pearson(x, y);
      const rho = spearman(x, y);
      if (r === null || rho === null) return;
      expect(Math.abs(r)).toBeLessThanOrEqual(1);
      expect(pearson(y, x)).toBeCloseTo(r, 12);
      expect(pearson(x.map((a) => 3 * a + 7), y)).toBeCloseTo(r, 9); // prettier-ignore
      expect(pearson(x.map((a) => -a), y)).toBeCloseTo(-r, 9); // prettier-ignore
      expect(spearman(x.map((a) => Math.exp(a / 10)), y)).toBeCloseTo(rho, 9); // prettier-ignore
    }),
  );
});
