import { expect, test } from '@jest/globals';
import { formatReward } from '../../src/index.js';
import { IMAGE_A_LABEL, sampleOf } from '../samples.js';

const ONE_LINE = '<think> r </think><answer> {"rating": 3.5} </answer>';
const LINES = '<think>\nr\n</think>\n<answer>\n{"rating": 3.5}\n</answer>';

test.each([
  [ONE_LINE, 1, 0],
  [LINES, 1, 1],
  [LINES.replace('"rating"', 'rating'), 0, 1],
  ['<think>r', 0, 0],
])('%j: default %d, upstream %d', (completion, byDefault, upstream) => {
  expect(formatReward().score(sampleOf(completion))).toBe(byDefault);
  expect(formatReward({ style: 'upstream' }).score(sampleOf(completion))).toBe(upstream);
});

test('a comparison is answered in free text', () => {
  const text = '<think>\nr\n</think>\n<answer>\nImage A\n</answer>';
  for (const style of ['default', 'upstream'] as const) {
    expect(formatReward({ style }).score(sampleOf(text, IMAGE_A_LABEL))).toBe(1);
    expect(formatReward({ style }).score(sampleOf(text))).toBe(0);
  }
});

test('says which rule is broken', () => {
  expect(formatReward().explain?.(sampleOf('<think>r'))).toBe('no </think> was found');
  expect(formatReward({ style: 'upstream' }).explain?.(sampleOf(ONE_LINE))).toBe(
    'no line break between } and </answer>',
  );
  expect(formatReward().explain?.(sampleOf(ONE_LINE))).toBe('the layout is as asked');
});
