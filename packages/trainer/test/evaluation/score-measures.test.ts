import { expect, test } from '@jest/globals';
import { measureScores } from '../../src/evaluation/score-measures.js';
import { scipyCases } from './scipy-cases.js';

test.each(scipyCases)('scipy, $kind', ({ pred, mos, plcc, srcc, krccTauB, rmse, mae }) => {
  const measures = measureScores(pred, mos, { seed: 's', resamples: 200 });
  expect(measures).toMatchObject({ count: pred.length, plcc: expect.closeTo(plcc, 8), srcc: expect.closeTo(srcc, 8), krcc: expect.closeTo(krccTauB, 8) }); // prettier-ignore
  expect(measures.rmse! / rmse).toBeCloseTo(1, 8);
  expect(measures.mae! / mae).toBeCloseTo(1, 8);
  for (const key of ['plcc', 'srcc', 'krcc', 'rmse'] as const) {
    const { low, high } = measures.intervals[key]!;
    // resampled images repeat, and repeats are ties, so a resample's tau-b is a little off centre; six images are few
    expect(low).toBeLessThanOrEqual(measures[key]!);
    expect(high).toBeGreaterThanOrEqual(measures[key]!);
  }
});

test('undefined measures are null, never a number', () => {
  const seed = 's';
  const nothing = { plcc: null, srcc: null, krcc: null, logistic4: null, logistic5: null, isotonicPlcc: null };
  const none = { plcc: null, srcc: null, krcc: null, rmse: null };
  expect(measureScores([], [], { seed })).toEqual({ count: 0, rmse: null, mae: null, ...nothing, intervals: none });
  expect(measureScores([3], [2], { seed })).toEqual({ count: 1, rmse: 1, mae: 1, ...nothing, intervals: none });
  const constant = measureScores([3, 3, 3, 3, 3, 3], [1, 2, 3, 4, 5, 5], { seed });
  expect(constant).toMatchObject({ ...nothing, rmse: expect.closeTo(Math.sqrt((4 + 1 + 0 + 1 + 4 + 4) / 6), 12) });
  expect(constant.intervals.plcc).toBeNull();
});

test('refuses what is not finite', () => {
  expect(() => measureScores([NaN], [1], { seed: 's' })).toThrow('measureScores: expected finite values, got NaN');
});
