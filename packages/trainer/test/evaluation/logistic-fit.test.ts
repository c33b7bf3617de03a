import { describe, expect, test } from '@jest/globals';
import { fitLogistic4, fitLogistic5 } from '../../src/evaluation/logistic-fit.js';
import { scipyCases } from './scipy-cases.js';

describe.each(scipyCases)('scipy curve_fit, $kind', ({ pred, mos, fit4, fit5 }) => {
  test.each([
    ['four', fitLogistic4, fit4],
    ['five', fitLogistic5, fit5],
  ] as const)('%s parameters', (_, fit, expected) => {
    const found = fit(pred, mos)!;
    expect(found.converged).toBe(!('error' in expected));
    if ('error' in expected) return;
    // Both stop when a step lowers the sum by less than 1.5e-8 of it; in a flat valley a few such steps may differ.
    expect(Math.abs(found.sse / expected.sse - 1)).toBeLessThan(1e-6);
    expect(Math.abs(found.plcc! - expected.plcc)).toBeLessThan(5e-8);
    expect(Math.abs(found.srcc! - expected.srcc)).toBeLessThan(1e-8);
    expect(Math.abs(found.rmse / expected.rmse - 1)).toBeLessThan(1e-6);
  });
});

test('finds the curve that made the labels', () => {
  const x = Array.from({ length: 30 }, (_, i) => i / 6);
  const four = fitLogistic4(x, x.map((v) => (5 - 1) / (1 + Math.exp(-(v - 2.5) / 0.7)) + 1))!; // prettier-ignore
  [5, 1, 2.5, 0.7].forEach((value, k) => expect(four.parameters[k]).toBeCloseTo(value, 6));
  expect(four.plcc).toBeCloseTo(1, 12);
  const five = fitLogistic5(x, x.map((v) => 12 * (0.5 - 1 / (1 + Math.exp(1.2 * (v - 2.5)))) + 0.3 * v + 3))!; // prettier-ignore
  [12, 1.2, 2.5, 0.3, 3].forEach((value, k) => expect(five.parameters[k]).toBeCloseTo(value, 5));
});

test('nothing to fit, and what cannot be fitted', () => {
  expect(fitLogistic4([1, 2, 3], [1, 2, 3])).toBeNull(); // fewer than four pairs
  expect(fitLogistic5([1, 2, 3, 4], [1, 2, 3, 5])).toBeNull();
  expect(fitLogistic4([2, 2, 2, 2], [1, 2, 3, 4])).toBeNull();
  expect(fitLogistic4([1, 2, 3, 4], [2, 2, 2, 2])).toBeNull();
  expect(() => fitLogistic4([1, NaN], [1, 2])).toThrow('fitLogistic4: expected finite values, got NaN');
  expect(() => fitLogistic5([1], [1, 2])).toThrow('fitLogistic5: expected as many x as y, got 1 and 2');
});
