import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseAnswer } from '../../src/index.js';
import { anyLaidOut, anyText } from '../../src/testing/arbitraries.js';

test('takes a completion apart', () => {
  const parsed = parseAnswer('<think>sharp</think><answer>{"rating": 4.2}</answer>');
  expect(parsed).toEqual({
    think: { value: 'sharp', place: { start: 7, end: 12 } },
    answer: { value: '{"rating": 4.2}', place: { start: 28, end: 43 } },
    fields: {
      value: [{ key: 'rating', text: '4.2', kind: 'bare', place: { start: 39, end: 42 } }],
      place: { start: 28, end: 43 },
    },
  });
});

test('each part that is missing says why', () => {
  const parsed = parseAnswer('<think>sharp');
  expect(parsed.think).toMatchObject({ reason: 'no </think> was found' });
  expect(parsed.answer).toMatchObject({ reason: 'no <answer> was found' });
  expect(parsed.fields).toEqual(parsed.answer);
});

test('never throws on any string', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, anyLaidOut, fc.string({ unit: 'binary' })), (text) => {
      parseAnswer(text);
    }),
    { numRuns: 2000 },
  );
});
