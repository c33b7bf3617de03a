import { expect, test } from '@jest/globals';
import type { AnsweredPrompt } from '../../src/evaluation/answers-file.js';
import { measureAnswers } from '../../src/evaluation/measure-answers.js';

const answer = (json: string) => ({ text: `<think>because</think><answer>${json}</answer>` });
const rating = (value: number) => answer(`{"rating": ${value}}`);
const damage = (name: string, level: string) => answer(`{"distortion_class": "${name}", "severity": "${level}"}`);
const options = { seed: 's', resamples: 20 };

const scores: AnsweredPrompt[] = [
  { prompt: 'a', label: { task: 'score', score: 1 }, answers: [rating(1), rating(2)] },
  { prompt: 'b', label: { task: 'score', score: 3 }, answers: [rating(3), { text: 'three', finishReason: 'length' }] },
  { prompt: 'c', label: { task: 'score', score: 5 }, answers: [{ text: '?' }, { text: '?' }] },
  { prompt: 'd', label: { task: 'score', score: 4 }, answers: [rating(5), rating(4)] },
];

test('scores: one rating an image, what cannot be read by policy', () => {
  const { score, ...rest } = measureAnswers('KonIQ', scores, options);
  expect(rest).toEqual({ set: 'KonIQ', prompts: 4, answers: 8, cutOff: 1 });
  // ratings 1.5, 3, 4.5 for labels 1, 3, 4
  expect(score).toMatchObject({ count: 3, answers: 8, unreadable: 3, leftOut: ['c'], krcc: 1 });
  expect(score!.rmse).toBeCloseTo(Math.sqrt((0.25 + 0 + 0.25) / 3), 12);
  const worst = measureAnswers('KonIQ', scores, { ...options, unreadable: 'worst' }).score!;
  expect(worst).toMatchObject({ count: 4, unreadable: 3, leftOut: [] });
  expect(worst.srcc).toBeLessThan(1);
});

test('degradations and comparisons', () => {
  const { degradation, comparison, score } = measureAnswers(
    'mixed',
    [
      { prompt: 'e', label: { task: 'degradation', distortionClass: 'blur', level: 'slight' }, answers: [damage('blur', 'slight'), damage('blur', 'serious')] }, // prettier-ignore
      { prompt: 'f', label: { task: 'degradation', distortionClass: 'null', level: 'null' }, answers: [damage('null', 'null'), { text: '' }] }, // prettier-ignore
      { prompt: 'g', label: { task: 'comparison', better: 'Image A' }, answers: [answer('Image A')], metadata: { pair: 'g', enhancers: ['regression', 'regression'] } }, // prettier-ignore
      { prompt: 'g#swapped', label: { task: 'comparison', better: 'Image B' }, answers: [answer('Image A')], metadata: { pair: 'g', swapped: true } }, // prettier-ignore
    ],
    options,
  );
  expect(score).toBeUndefined();
  expect(degradation).toMatchObject({ count: 4, unreadableClasses: 1, micro: { class: 3 / 4, level: 1 / 2 } });
  expect(degradation!.levels.ordinalError).toBe(3 / 2);
  expect(comparison).toMatchObject({ count: 2, overall: 0.5, regression: 1, swapConsistency: 0, swapPairs: 1 });
});
