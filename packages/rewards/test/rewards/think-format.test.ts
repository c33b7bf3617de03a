import { expect, test } from '@jest/globals';
import { thinkFormatReward } from '../../src/index.js';
import { sampleOf } from '../samples.js';

test.each([
  ['<think>a</think>b', 1, 'the layout is as asked'],
  [' <think>a</think>', 0, 'the text does not start with <think>'],
  ['<think>a<think></think>', 0, '<think> is there more than once'],
  ['<think>a', 0, 'no </think> was found'],
])('%j gives %d: %s', (completion, value, reason) => {
  expect(thinkFormatReward().score(sampleOf(completion))).toBe(value);
  expect(thinkFormatReward().explain?.(sampleOf(completion))).toBe(reason);
});
