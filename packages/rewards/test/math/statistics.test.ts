import { expect, test } from '@jest/globals';
import { mean, variance } from '../../src/math/statistics.js';

test('mean and variance', () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(mean([])).toBeNaN();
  expect(variance([1, 2, 6], 0)).toBeCloseTo(14 / 3, 15); // 4 + 1 + 9, over 3
  expect(variance([1, 2, 6], 1)).toBe(7);
});

test('the variance of equal or too few values is exactly 0', () => {
  expect(variance([0.1, 0.1, 0.1], 1)).toBe(0);
  expect(variance([3], 1)).toBe(0);
  expect(variance([], 0)).toBe(0);
});
