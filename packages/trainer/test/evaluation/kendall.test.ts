import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { kendall } from '../../src/evaluation/kendall.js';
import { scipyCases } from './scipy-cases.js';

test.each(scipyCases)('scipy kendalltau, $kind', ({ pred, mos, krccTauB }) => {
  expect(Math.abs(kendall(pred, mos)! - krccTauB)).toBeLessThan(1e-8); // stored with nine digits
});

test('by hand', () => {
  // pairs (1,2) and (1,3) agree, (2,3) disagrees: (2 - 1) / 3
  expect(kendall([1, 2, 3], [1, 3, 2])).toBeCloseTo(1 / 3, 12);
  // of 3 pairs one is tied in x and agrees with nothing: 2 / sqrt((3 - 1) * 3)
  expect(kendall([1, 1, 2], [1, 2, 3])).toBeCloseTo(2 / Math.sqrt(6), 12);
});

test('undefined for a constant side and for fewer than two pairs; refuses what is not finite', () => {
  expect(kendall([], [])).toBeNull();
  expect(kendall([1], [1])).toBeNull();
  expect(kendall([1, 2], [3, 3])).toBeNull();
  expect(() => kendall([1, Infinity], [1, 2])).toThrow('kendall: expected finite values, got Infinity');
  expect(() => kendall([1], [1, 2])).toThrow('kendall: expected as many x as y, got 1 and 2');
});

describe('laws', () => {
  const small = fc.integer({ min: -4, max: 4 }); // ties are frequent
  const pairs = fc.array(fc.tuple(small, small), { minLength: 2, maxLength: 30 });

  test('equals the definition over all pairs', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const [x, y] = [list.map(([a]) => a), list.map(([, b]) => b)];
        let [difference, untiedX, untiedY] = [0, 0, 0];
        for (let i = 0; i < x.length; i++) {
          for (let j = 0; j < i; j++) {
            const [dx, dy] = [Math.sign(x[i]! - x[j]!), Math.sign(y[i]! - y[j]!)];
            difference += dx * dy;
            untiedX += dx * dx;
            untiedY += dy * dy;
          }
        }
        const tau = kendall(x, y);
        if (untiedX === 0 || untiedY === 0) expect(tau).toBeNull();
        else expect(tau).toBeCloseTo(difference / Math.sqrt(untiedX * untiedY), 12);
      }),
    );
  });
});
