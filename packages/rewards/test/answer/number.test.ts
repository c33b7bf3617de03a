import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readNumber } from '../../src/answer/number.js';

test.each([
  ['3.5', 3.5],
  [' 3.5 ', 3.5],
  ['+3.5', 3.5],
  ['-1', -1],
  ['.5', 0.5],
  ['3.', 3],
  ['35e-1', 3.5],
  ['3.5/5', 3.5],
  ['3.5 / 5.0', 3.5],
  ['3.5 out of 5', 3.5],
  ['3.5 points', 3.5],
  ['1 star', 1],
  ['', 'it is empty'],
  ['null', 'it is null'],
  ['None', 'it is null'],
  ['7/10', 'it is on a scale of 10, not 5'],
  ['70%', 'it is a percentage'],
  ['3,5', 'it has a decimal comma'],
  ['3.5.', 'it is more than a number'],
  ['3.5 or 4', 'it is more than a number'],
  ['3-4', 'it is more than a number'],
  ['NaN', 'it is not a number'],
  ['Infinity', 'it is not a number'],
  ['good', 'it is not a number'],
  ['1e999', 'it is too large'],
  ['३.५', 'its digits are not 0-9'],
  ['３.５', 'its digits are not 0-9'],
  [`3.${'0'.repeat(98)}`, 3],
  ['1'.repeat(101), 'it is 101 characters long, not a number'],
])('%j gives %j', (text, expected) => {
  expect(readNumber(text, 5)).toBe(expected);
});

test('every number that JavaScript writes is read back', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(readNumber(String(value), 5)).toBe(value === 0 ? 0 : value);
    }),
  );
});
