import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pearson } from '../../src/evaluation/correlation.js';
import { isotonicFit } from '../../src/evaluation/isotonic.js';
import { scipyCases } from './scipy-cases.js';

test.each(scipyCases)('scikit-learn, $kind', ({ pred, mos, isotonic, isotonicPlcc }) => {
  const fitted = isotonicFit(pred, mos);
  fitted.forEach((value, i) => expect(Math.abs(value / isotonic[i]! - 1)).toBeLessThan(1e-8));
  const plcc = pearson(fitted, mos);
  if (isotonicPlcc === 'NaN')
    expect(plcc).toBeNull(); // falling labels: the fit is a constant
  else expect(Math.abs(plcc! - isotonicPlcc)).toBeLessThan(1e-8);
});

test('by hand: falling neighbours pool, equal ratings share', () => {
  expect(isotonicFit([3, 1, 2, 4], [2, 1, 3, 4])).toEqual([2.5, 1, 2.5, 4]);
  expect(isotonicFit([1, 1, 2], [1, 3, 4])).toEqual([2, 2, 4]);
  expect(isotonicFit([], [])).toEqual([]);
  expect(() => isotonicFit([NaN], [1])).toThrow('isotonicFit: expected finite values, got NaN');
});

test('laws: rising, and no rising function is nearer', () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), { minLength: 1 });
  fc.assert(
    fc.property(
      pairs,
      fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: 10, maxLength: 10 }),
      (list, steps) => {
        // prettier-ignore
        const [x, y] = [list.map(([a]) => a), list.map(([, b]) => b)];
        const fitted = isotonicFit(x, y);
        const other = x.map((value) => steps.slice(0, value + 1).reduce((a, b) => a + b, 0));
        const error = (values: number[]) => values.reduce((sum, value, i) => sum + (value - y[i]!) ** 2, 0);
        expect(error(fitted)).toBeLessThanOrEqual(error(other) + 1e-9);
        for (let i = 0; i < x.length; i++) {
          for (let j = 0; j < x.length; j++) if (x[i]! <= x[j]!) expect(fitted[i]! - fitted[j]!).toBeLessThan(1e-12);
        }
      },
    ),
  );
});
