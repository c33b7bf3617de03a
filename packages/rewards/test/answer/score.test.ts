import { expect, test } from '@jest/globals';
import { readScore } from '../../src/index.js';

test.each([
  ['{"rating": 3.5}', 3.5],
  ['{"rating": "3.5"}', 3.5],
  ["{'rating': 3.5}", 3.5],
  ['```json\n{"rating": 3.5}\n```', 3.5],
  ['{"why": "soft", "rating": 3.5}', 3.5],
  ['3.5', 3.5],
  ['3.5/5', 3.5],
  ['{"rating": 1}', 1],
  ['{"rating": 5.0}', 5],
  ['{"rating": 0.99}', 'the rating 0.99 is outside [1, 5]'],
  ['{"rating": -3.5}', 'the rating -3.5 is outside [1, 5]'],
  ['{"rating": null}', 'the rating "null" was not read: it is null'],
  ['{"rating": "3,5"}', 'the rating "3,5" was not read: it has a decimal comma'],
  ['{"rating": 3.5.}', 'the rating "3.5." was not read: it is more than a number'],
  ['{"rating": {"a": 3.5}}', 'the rating "{\\"a\\": 3.5}" was not read: it is not a number'],
  ['{"score": 3.5}', 'no key "rating" was found, the keys are "score"'],
  ['{"rating": 3.5, "rating": 4}', 'the key "rating" is given 2 times'],
  ['Good', 'the answer is not a JSON object: "Good"'],
])('%j gives %j', (answer, expected) => {
  const reading = readScore(`<think>a</think><answer>${answer}</answer>`);
  expect('value' in reading ? reading.value : reading.reason).toBe(expected);
});

test('without tags there is no score', () => {
  expect(readScore('{"rating": 3.5}')).toEqual({ reason: 'no <answer> was found', place: { start: 0, end: 0 } });
});

test('the place is that of the number', () => {
  const text = '<think>soft</think><answer>{"rating": 3.5}</answer>';
  const { place } = readScore(text);
  expect(text.slice(place.start, place.end)).toBe('3.5');
});

test('key, bounds and choice of answer are options', () => {
  const text = '<answer>{"score": 70}</answer><answer>{"score": 80}</answer>';
  expect(readScore(text, { key: 'score', bounds: [0, 100], which: 'last' })).toMatchObject({ value: 80 });
});
