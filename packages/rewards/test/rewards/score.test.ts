import { expect, test } from '@jest/globals';
import { scoreReward } from '../../src/index.js';
import { BLUR_LABEL, sampleOf } from '../samples.js';

const say = (rating: number | string, score = 3): ReturnType<typeof sampleOf> =>
  sampleOf(`<think>a</think><answer>{"rating": ${rating}}</answer>`, { task: 'score', score });

test.each([
  [3, 1],
  [3.34, 1],
  [2.66, 1],
  [3.36, 0],
  [2.64, 0],
  [3.9, 0],
  ['null', 0],
  [7, 0],
])('rating %j against label 3 gives %d', (rating, expected) => {
  expect(scoreReward().score(say(rating))).toBe(expected);
});

// 0.25 and 3.25 are exact in binary, so this error equals the threshold exactly
test('an error of exactly the threshold counts only when inclusive', () => {
  expect(scoreReward({ threshold: 0.25 }).score(say(3.25))).toBe(0);
  expect(scoreReward({ threshold: 0.25, bound: 'inclusive' }).score(say(3.25))).toBe(1);
  expect(scoreReward({ threshold: 0 }).score(say(3))).toBe(0);
  expect(scoreReward({ threshold: 0, bound: 'inclusive' }).score(say(3))).toBe(1);
});

test('upstream reads no quoted number and knows no bounds', () => {
  const upstream = scoreReward({ style: 'upstream' });
  expect([scoreReward().score(say('"3"')), upstream.score(say('"3"'))]).toEqual([1, 0]);
  expect([scoreReward().score(say(5.2, 5)), upstream.score(say(5.2, 5))]).toEqual([0, 1]);
});

test('other tasks get null', () => {
  expect(scoreReward().score(sampleOf('<answer>{"rating": 3}</answer>', BLUR_LABEL))).toBeNull();
});

test('explains itself', () => {
  const why = (rating: number | string, score = 3.1): string | undefined => scoreReward().explain?.(say(rating, score));
  expect(why(3.9)).toBe('said 3.9, the label is 3.1, off by 0.8 (tolerance 0.35)');
  expect(why('"bad"')).toBe('the rating "bad" was not read: it is not a number');
  expect(scoreReward().explain?.(sampleOf('', BLUR_LABEL))).toBe('not applicable to the task degradation');
  expect(scoreReward({ bound: 'inclusive' }).explain?.(say(3))).toContain('(tolerance 0.35, inclusive)');
});

test.each([-0.1, NaN])('a threshold of %d is refused', (threshold) => {
  expect(() => scoreReward({ threshold })).toThrow(`scoreReward: threshold must be at least 0, got ${threshold}`);
});
