import { expect, test } from '@jest/globals';
import { toolUseReward } from '../../src/index.js';
import { sampleOf } from '../samples.js';

const calls = (...names: string[]): string => names.map((name) => `<tool_call>${name}</tool_call>`).join(' then ');

test.each([
  ['', 0],
  [calls('a', 'b', 'c'), 0],
  [calls('a', 'b', 'c', 'd', 'e'), -0.2], // two past the three free ones
  [calls('a', 'b', ' a '), -0.2], // one repeated
  [calls('a', 'a', 'a', 'a'), -0.7], // one past, three repeated
  [calls(...new Array<string>(12).fill('a')), -1],
  [`${calls('a')}<tool_call>b`, 0],
])('%j earns %d', (completion, value) => {
  expect(toolUseReward().score(sampleOf(completion))).toBeCloseTo(value, 12);
});
