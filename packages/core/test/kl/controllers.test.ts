import { describe, expect, test } from '@jest/globals';
import { adaptiveEntropy, adaptiveKl, addKlToAdvantages, cosineCoefficient } from '../../src/index.js';
import { expectClose, FLOAT64 } from '../support/close.js';
import { matrix } from '../support/golden.js';

describe('controllers', () => {
  test('adaptiveKl: proportional near the target, at most 20 % a horizon', () => {
    const next = (kl: number) => adaptiveKl({ coefficient: 1 }, kl, 1000).coefficient;
    expectClose([next(0.1), next(0.11), next(9), next(0)], [1, 1.01, 1.02, 0.98], FLOAT64);
    expect(() => adaptiveKl({ coefficient: 1 }, 1, 1, { target: 0 })).toThrow('`target` must be above 0, got 0');
  });
  test('cosineCoefficient: ends, middle, and after', () => {
    const at = (step: number) => cosineCoefficient(step, { from: 3, to: 1, steps: 10 });
    expectClose([at(0), at(5), at(10), at(99)], [3, 2, 1, 1], FLOAT64);
    expect(() => cosineCoefficient(-1, { from: 1, steps: 1 })).toThrow('`step` must be at least 0, got -1');
  });
  test('adaptiveEntropy: up at or below the target, down above, within bounds', () => {
    const next = (coefficient: number, entropy: number) =>
      adaptiveEntropy({ coefficient }, entropy, { target: 1, step: 0.1 });
    expect(next(0.5, 1)).toEqual({ coefficient: 0.6, active: true });
    expect(next(0.5, 1.1)).toEqual({ coefficient: 0.4, active: false });
    expect([next(1, 0).coefficient, next(0, 2).coefficient]).toEqual([1, 0]);
  });
});

test('addKlToAdvantages moves no advantage on average, and only counted ones', () => {
  const row = (...x: number[]) => matrix([x]);
  const batch = { advantages: [2], mask: row(1, 1, 0), logps: row(-1, -2, NaN), refLogps: row(-1.5, -2, NaN) };
  expectClose(addKlToAdvantages(batch, { coefficient: 2 }).data, [1.5, 2.5, 0], FLOAT64);
  // with a discount of 1 the first token also gets the second's +0.25
  expectClose(addKlToAdvantages(batch, { coefficient: 2, discount: 1 }).data, [2, 2.5, 0], FLOAT64);
});
