import { describe, expect, test } from '@jest/globals';
import { maskTruncated, overlongPenalties, stopProperlyRewards } from '../../src/index.js';
import { expectClose, FLOAT64 } from '../support/close.js';
import { matrix } from '../support/golden.js';

describe('overlongPenalties', () => {
  const options = { maxLength: 100, buffer: 20 };
  test('none, growing, full; saturated or linear beyond', () => {
    const lengths = [0, 80, 81, 90, 100, 105];
    expectClose(overlongPenalties(lengths, options), [0, 0, -0.05, -0.5, -1, -1], FLOAT64);
    expectClose(overlongPenalties(lengths, { ...options, beyond: 'linear' }), [0, 0, -0.05, -0.5, -1, -1.25], FLOAT64);
    expectClose(overlongPenalties([90], { ...options, factor: 0.4 }), [-0.2], FLOAT64);
  });
  test('bad options', () => {
    expect(() => overlongPenalties([1], { maxLength: 10, buffer: 0 })).toThrow('`buffer` must be above 0, got 0');
    expect(() => overlongPenalties([1], { maxLength: 10, buffer: 11 })).toThrow(
      '`buffer` must be at most maxLength 10, got 11',
    );
  });
});

test('maskTruncated empties the rows that were cut off', () => {
  expect([
    ...maskTruncated(
      matrix([
        [1, 1],
        [1, 0],
      ]),
      [true, false],
    ).data,
  ]).toEqual([0, 0, 1, 0]);
  const three = matrix([[1], [1], [1]]);
  expect([...maskTruncated(three, [false, true, false]).data]).toEqual([1, 0, 1]);
  expect(() => maskTruncated(matrix([[1]]), [])).toThrow('`truncated` must have length 1, got 0');
});

test('stopProperlyRewards scales or replaces', () => {
  expect([...stopProperlyRewards([2, 2], [true, false], 0)]).toEqual([0, 2]);
  expect([...stopProperlyRewards([2, 2], [true, false], -1)]).toEqual([-1, 2]);
  expect(() => stopProperlyRewards([1], [true], NaN)).toThrow('`coefficient` must be finite, got NaN');
});
