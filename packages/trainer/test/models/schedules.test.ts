import { describe, expect, it } from '@jest/globals';
import { learningRateAt, type ScheduleOptions } from '../../src/models/schedules.js';

const rates = (options: ScheduleOptions, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => learningRateAt(step, options));

describe('learningRateAt', () => {
  const base = { learningRate: 8, totalSteps: 6, warmupSteps: 2 };

  it('rises over the warm-up and stays', () => {
    expect(rates({ ...base, schedule: 'constant' }, 5)).toEqual([0, 4, 8, 8, 8]);
  });

  it('falls linearly to 0 after the last step', () => {
    expect(rates({ ...base, schedule: 'linear' }, 7)).toEqual([0, 4, 8, 6, 4, 2, 0]);
    expect(
      rates({ learningRate: 3, totalSteps: 3, schedule: 'linear' }, 3).map((rate) => Math.round(rate * 1e9) / 1e9),
    ).toEqual([3, 2, 1]);
  });

  it('falls along half a cosine', () => {
    const [, , first, second, third] = rates({ ...base, schedule: 'cosine' }, 5);
    expect(first).toBe(8);
    expect(second).toBeCloseTo(4 * (1 + Math.SQRT1_2), 12); // cos(45°)
    expect(third).toBeCloseTo(4, 12);
  });

  it('refuses a warm-up longer than the run', () => {
    expect(() => learningRateAt(0, { ...base, warmupSteps: 7, schedule: 'linear' })).toThrow(
      'at most totalSteps 6, got 7',
    );
  });
});
