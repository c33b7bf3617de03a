import { expect, test } from '@jest/globals';
import { causeLine, fidelityReward, formatReward, intraGroupReward, scoreReward, summarize } from '../../src/index.js';
import { batchOf } from '../batches.js';
import { BLUR_LABEL, sampleOf } from '../samples.js';

const SAMPLES = [
  sampleOf('<think>a</think><answer>{"rating": 3.2}</answer>', undefined, 'near'),
  sampleOf('<think>a</think><answer>{"rating": 4.5}</answer>', undefined, 'far'),
  sampleOf('<think>a</think><answer>{"score": 4.5}</answer>', undefined, 'key'),
  sampleOf('<think>a</think><answer>{"grade": 4.5}</answer>', undefined, 'key2'),
  sampleOf('x <think>a</think><answer>{"rating": 3.2}</answer>', BLUR_LABEL, 'other'),
];

test('counts causes, whatever the numbers and quotes in them', async () => {
  expect(await summarize(SAMPLES, [formatReward(), scoreReward()])).toEqual([
    { reward: 'format', cause: 'the layout is as asked', count: 4, share: 0.8, mean: 1, examples: ['near', 'far', 'key'] },
    { reward: 'format', cause: 'text before <think>: "…"', count: 1, share: 0.2, mean: 0, examples: ['other'] },
    { reward: 'score', cause: 'said #, the label is #, off by # (tolerance #)', count: 2, share: 0.4, mean: 0.5, examples: ['near', 'far'] },
    { reward: 'score', cause: 'no key "rating" was found, the keys are "…"', count: 2, share: 0.4, mean: 0, examples: ['key', 'key2'] },
    { reward: 'score', cause: 'not applicable to the task degradation', count: 1, share: 0.2, mean: null, examples: ['other'] },
  ]); // prettier-ignore
});

test('a cause on one line', async () => {
  const [first, , , , last] = await summarize(SAMPLES, [formatReward(), scoreReward()]);
  expect(causeLine(first!)).toBe('format: 4 of 5 (mean 1): the layout is as asked, for example near, far, key');
  expect(causeLine(last!)).toBe('score: 1 of 5 (mean -): not applicable to the task degradation, for example other');
});

test('rewards that compare samples see them all, or their group', async () => {
  const batch = batchOf({ label: 4, says: [4, 3, 5] }, { label: 2, says: [2] });
  const causes = await summarize(batch, [fidelityReward(), intraGroupReward({ count: 1 })]);
  expect(causes.map(({ reward, cause, count }) => `${reward} ${count}: ${cause}`)).toEqual([
    'fidelity 4: said #, the label is #; compared with # other image',
    'intraGroup 3: the median in # % of triples',
    'intraGroup 1: the group has not three readable completions',
  ]);
});

test('nothing of nothing', async () => {
  expect(await summarize([], [formatReward()])).toEqual([]);
});
