import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { upstreamComparison, upstreamDegradation, upstreamScore } from '../../src/answer/upstream.js';

const wordsOf = (reading: { value: unknown } | { reason: string }): unknown =>
  'value' in reading ? reading.value : reading.reason;

/** Expected: what Python's `re.search` and `float` give for the released expressions. */
test.each([
  ['{"rating": 3.5}', 3.5],
  ['so "rating" :3. is it', 3],
  ['{"rating": .5}', 0.5],
  ['{"rating": ３.５}', 3.5],
  ['{"rating": "x", "rating": 2}', 2],
  ['{"rating": 3.5, "rating": 2}', 3.5],
  ['{"rating": 3.5.}', '"3.5." is not a number'],
  ['{"rating": .}', '"." is not a number'],
  ['{"rating": "3.5"}', 'no unquoted number after "rating": was found'],
  ['{"rating": -1}', 'no unquoted number after "rating": was found'],
])('the score of %j is %j', (answer, expected) => {
  expect(wordsOf(upstreamScore(`<answer>${answer}</answer>`))).toBe(expected);
});

test('the place of a score is that of the number', () => {
  const text = 'ab<answer>{"rating": 3.5}</answer>';
  const { place } = upstreamScore(text);
  expect(text.slice(place.start, place.end)).toBe('3.5');
});

test.each([
  ['{"distortion_class": "blur", "severity": "slight"}', { distortionClass: 'blur', severity: 'slight' }],
  ['{"distortion_class": " Blur ", "x": 1, "severity": "no"}', { distortionClass: 'Blur', severity: 'no' }],
  ['{"severity": "slight", "distortion_class": "blur"}', 'no "severity": "…" was found after the class'],
  ['{"distortion_class": null, "severity": null}', 'no "distortion_class": "…" was found'],
  ['{"distortion_class": "", "severity": "slight"}', 'no "distortion_class": "…" was found'],
])('the degradation of %j', (answer, expected) => {
  expect(wordsOf(upstreamDegradation(`<answer>${answer}</answer>`))).toEqual(expected);
});

test('the first answer counts, even inside the reasoning', () => {
  const text = '<think><answer> Image A </answer></think><answer>Image B</answer>';
  expect(wordsOf(upstreamComparison(text))).toBe('Image A');
  expect(wordsOf(upstreamComparison('<answer>Image A'))).toBe('no </answer> was found');
});

test('a score of any length is the number that its digits are nearest to', () => {
  const digits = fc.stringMatching(/^\d{1,12}(\.\d{0,8})?$/);
  fc.assert(
    fc.property(digits, (written) => {
      expect(wordsOf(upstreamScore(`<answer>{"rating": ${written}}</answer>`))).toBe(Number(written));
    }),
  );
});
