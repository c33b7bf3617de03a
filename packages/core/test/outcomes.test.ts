import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advantageMetrics, explainLoss, groupOutcomes, grpoLoss, passAtK } from '../src/index.js';
import { expectClose } from './support/close.js';
import { matrix } from './support/golden.js';

describe('passAtK', () => {
  test('counts subsets: law against enumeration', () => {
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(), fc.nat(), (n, a, b) => {
        const [c, k] = [a % (n + 1), 1 + (b % n)];
        const expected = n - c < k ? 1 : 1 - choose(n - c, k) / choose(n, k);
        expectClose(passAtK(n, c, k), expected, { absolute: 1e-12 });
      }),
    );
  });
  test('bad numbers', () => {
    expect(() => passAtK(4, 5, 1)).toThrow('`c` must be an integer from 0 to 4, got 5');
    expect(() => passAtK(4, 1, 0)).toThrow('`k` must be an integer from 1 to 4, got 0');
    expect(() => passAtK(1.5, 1, 1)).toThrow('`n` must be an integer, got 1.5');
  });
});

test('groupOutcomes', () => {
  const rewards = [1, 0, 1, 1, 0, 0, null, 1];
  const groups = ['a', 'a', 'b', 'b', 'c', 'c', 'd', 'e'];
  expect(groupOutcomes(rewards, groups)).toEqual({ mixed: 1 / 5, allGood: 2 / 5, allBad: 1 / 5 });
  expect(groupOutcomes([2], ['a'], { goodAbove: 3 }).allBad).toBe(1);
  expect(groupOutcomes([], [])).toEqual({ mixed: 0, allGood: 0, allBad: 0 });
});

test('advantageMetrics', () => {
  expect(advantageMetrics([3, -1])).toEqual({
    'advantage/mean': 1,
    'advantage/std': 2,
    'advantage/min': -1,
    'advantage/max': 3,
    'advantage/positive': 0.5,
  });
  expect(Object.values(advantageMetrics([])).every((x) => x === 0)).toBe(true);
});

test('explainLoss tells the four cases apart', () => {
  const explain = (advantages: number[], mask: number, oldLogp?: number) =>
    explainLoss(
      grpoLoss({
        logps: matrix([[-1], [-1]]),
        mask: matrix([[mask], [mask]]),
        advantages,
        ...(oldLogp !== undefined && { oldLogps: matrix([[oldLogp], [oldLogp]]) }),
      }).metrics,
    );
  expect(explain([1, -1], 0)).toContain('No token counts');
  expect(explain([0, 0], 1)).toContain('Every advantage is 0');
  expect(explain([1, -1], 1)).toContain('a loss near 0 is expected');
  expect(explain([1, -1], 1, -1)).toContain('a loss near 0 is expected');
  expect(explain([1, -1], 1, -1.1)).toContain('Off-policy');
});
