import { describe, expect, test } from '@jest/globals';
import { combineMetrics } from '../src/index.js';

describe('combineMetrics', () => {
  test('sums, extremes and token-weighted means', () => {
    const parts = [
      { tokens: 1, loss: 1, kl: 0, 'ratio/min': 0.5, 'ratio/max': 1 },
      { tokens: 3, loss: 2, kl: 1, 'ratio/min': 0.7, 'ratio/max': 2 },
      { tokens: 0, loss: 0, kl: 0, 'ratio/min': 1, 'ratio/max': 1 },
    ];
    expect(combineMetrics(parts)).toEqual({ tokens: 4, loss: 3, kl: 0.75, 'ratio/min': 0.5, 'ratio/max': 2 });
    expect(combineMetrics([])).toEqual({});
  });

  test('a figure that only some parts have is averaged over those', () => {
    expect(combineMetrics([{ tokens: 1, kl: 2 }, { tokens: 5 }, { tokens: 1, kl: 4 }])).toEqual({ tokens: 7, kl: 3 });
  });

  test('needs tokens', () => {
    expect(() => combineMetrics([{ kl: 1 }])).toThrow('`combineMetrics`: `parts` must each have `tokens`, got [kl]');
  });
});
