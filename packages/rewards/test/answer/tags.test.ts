import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findAnswer, findThink } from '../../src/index.js';
import { anyText } from '../../src/testing/arbitraries.js';

const valueOf = (reading: object): unknown => ('value' in reading ? reading.value : reading);

test.each([
  ['<think>a</think>', 'a'],
  ['x <think></think> y', ''],
  ['<think>a</think><think>b</think>', 'a'],
  ['<think>a', { reason: 'no </think> was found', place: { start: 8, end: 8 } }],
  ['a</think>', { reason: 'no <think> was found', place: { start: 0, end: 0 } }],
])('findThink of %j', (text, expected) => {
  expect(valueOf(findThink(text))).toEqual(expected);
});

test.each([
  ['<answer>a</answer>', 'a', 'a'],
  ['<answer>a</answer> <answer>b</answer>', 'a', 'b'],
  ['<think><answer>a</answer></think><answer>b</answer>', 'b', 'b'],
  ['in <answer> tags: <answer>a</answer>', 'a', 'a'],
  ['</answer><answer>a</answer>', 'a', 'a'],
  ['<answer>a</answer><answer>b', 'a', 'a'],
  ['', 'no <answer> was found', 'no <answer> was found'],
  ['</answer>', 'no <answer> was found', 'no <answer> was found'],
  ['<answer>a', 'no </answer> was found', 'no </answer> was found'],
  ['</answer><answer>a', 'no </answer> was found', 'no </answer> was found'],
  ['</think>a', 'no <answer> was found after </think>', 'no <answer> was found after </think>'],
  ['<answer>a</answer></think>', 'no <answer> was found after </think>', 'no <answer> was found after </think>'],
  ['<Answer>a</Answer>', 'no <answer> was found', 'no <answer> was found'],
])('findAnswer of %j: first %j, last %j', (text, first, last) => {
  const wordsOf = (which: 'first' | 'last'): string => {
    const reading = findAnswer(text, which);
    return 'value' in reading ? reading.value : reading.reason;
  };
  expect([wordsOf('first'), wordsOf('last')]).toEqual([first, last]);
});

test('the place is where the value stands', () => {
  fc.assert(
    fc.property(anyText, fc.constantFrom('first' as const, 'last' as const), (text, which) => {
      for (const reading of [findThink(text), findAnswer(text, which)]) {
        expect(reading.place.start).toBeGreaterThanOrEqual(0);
        expect(reading.place.end).toBeLessThanOrEqual(text.length);
        if ('value' in reading) expect(text.slice(reading.place.start, reading.place.end)).toBe(reading.value);
      }
    }),
    { numRuns: 2000 },
  );
});
