import { describe, expect, test } from '@jest/globals';
import { expectClose, FLOAT64 } from './close.js';

describe('expectClose', () => {
  test('fails when it should', () => {
    expect(() => expectClose([1, 2], [1, 2.001], FLOAT64)).toThrow('differs by');
    expect(() => expectClose([1, NaN], [1, 2], FLOAT64)).toThrow('differs by');
    expect(() => expectClose([1, 2], [1, NaN], FLOAT64)).toThrow('differs by');
    expect(() => expectClose([1], [1, 2], FLOAT64)).toThrow('length');
    expect(() => expectClose(Infinity, 1, FLOAT64)).toThrow('differs by');
  });
  test('passes when it should', () => {
    expectClose([1, NaN, Infinity], [1 + 1e-9, NaN, Infinity], FLOAT64);
  });
});
