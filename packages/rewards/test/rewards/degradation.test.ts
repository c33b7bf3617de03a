import { expect, test } from '@jest/globals';
import { degradationReward, type DegradationLabel } from '../../src/index.js';
import { BLUR_LABEL, SCORE_LABEL, sampleOf } from '../samples.js';

const say = (name: string, severity: string, label: DegradationLabel = BLUR_LABEL): ReturnType<typeof sampleOf> =>
  sampleOf(`<answer>{"distortion_class": ${name}, "severity": ${severity}}</answer>`, label);
const NULL_LABEL: DegradationLabel = { task: 'degradation', distortionClass: 'null', level: 'null' };

// label: blur, moderate; columns: default style, upstream style
test.each([
  ['"blur"', '"moderate"', 1, 1],
  ['"blur"', '"slight"', 0.25, 0.25],
  ['"noise"', '"moderate"', 0, 0],
  ['"noise"', '"slight"', 0, 0],
  ['"Blur"', '2', 1, 0],
  ['"blur"', '"awful"', 0.25, 0.25],
  ['"blur"', 'null', 0.25, 0],
  ['"haze"', '"moderate"', 0, 0],
])('%s, %s: default %d, upstream %d', (name, severity, byDefault, upstream) => {
  expect(degradationReward().score(say(name, severity))).toBe(byDefault);
  expect(degradationReward({ style: 'upstream' }).score(say(name, severity))).toBe(upstream);
});

test('a clean image: JSON null counts by default, upstream wants the word', () => {
  expect(degradationReward().score(say('null', 'null', NULL_LABEL))).toBe(1);
  expect(degradationReward({ style: 'upstream' }).score(say('null', 'null', NULL_LABEL))).toBe(0);
  expect(degradationReward({ style: 'upstream' }).score(say('"null"', '"null"', NULL_LABEL))).toBe(1);
});

test('weights are options, and set the range', () => {
  const reward = degradationReward({ classWeight: 0.5, levelWeight: 1.5 });
  expect(reward.range).toEqual([0, 2]);
  expect(reward.score(say('"blur"', '"slight"'))).toBe(0.5);
  expect(reward.score(say('"blur"', '"moderate"'))).toBe(2);
});

test('explains itself', () => {
  const why = (name: string, severity: string): string | undefined =>
    degradationReward().explain?.(say(name, severity));
  expect(why('"blur"', '"moderate"')).toBe('the class blur is right, and so is its level moderate');
  expect(why('"blur"', '"slight"')).toBe('the class blur is right, said level "slight", the label is moderate');
  expect(why('"noise"', '"slight"')).toBe('said "noise", the label is blur');
  expect(why('"blur"', '"bad"')).toContain('the class blur is right, "bad" is none of slight');
  expect(degradationReward().score(sampleOf('', SCORE_LABEL))).toBeNull();
});

test.each([{ classWeight: -1 }, { levelWeight: NaN }, { levelWeight: Infinity }])('%j is refused', (options) => {
  expect(() => degradationReward(options)).toThrow(/^degradationReward: \w+ must be a number of at least 0, got/);
});
