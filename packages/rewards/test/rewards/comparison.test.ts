import { expect, test } from '@jest/globals';
import { comparisonReward } from '../../src/index.js';
import { IMAGE_A_LABEL, SCORE_LABEL, sampleOf } from '../samples.js';

test.each([
  ['Image A', 1, 1],
  [' \nImage A ', 1, 1],
  ['image a.', 1, 0],
  ['"Image A"', 1, 0],
  ['Image B', 0, 0],
  ['Similar', 0, 0],
  ['', 0, 0],
])('%j: default %d, upstream %d', (answer, byDefault, upstream) => {
  const sample = sampleOf(`<think>a</think><answer>${answer}</answer>`, IMAGE_A_LABEL);
  expect(comparisonReward().score(sample)).toBe(byDefault);
  expect(comparisonReward({ style: 'upstream' }).score(sample)).toBe(upstream);
});

test('explains itself', () => {
  const why = (answer: string): string | undefined => comparisonReward().explain?.(sampleOf(answer, IMAGE_A_LABEL));
  expect(why('<answer>Image A</answer>')).toBe('the verdict Image A is right');
  expect(why('<answer>B</answer>')).toBe('said "Image B", the label is Image A');
  expect(why('Image A')).toBe('no <answer> was found');
  expect(comparisonReward().score(sampleOf('', SCORE_LABEL))).toBeNull();
});
