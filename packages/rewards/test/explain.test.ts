import { expect, test } from '@jest/globals';
import { explain, explanationLine, qInsightRewards, type Reward } from '../src/index.js';
import { sampleOf } from './samples.js';

test('says for each reward what and why', async () => {
  const entries = await explain(sampleOf('<think>a<answer>{"rating": 3.9}</answer>'), qInsightRewards());
  expect(entries.map(explanationLine)).toEqual([
    'format 0: no </think> was found',
    'score 0: said 3.9, the label is 3.1, off by 0.8 (tolerance 0.35)',
    'degradation -: not applicable to the task score',
    'comparison -: not applicable to the task score',
  ]);
});

test('a reward without reasons of its own gives its range; it may be asynchronous', async () => {
  const reward: Reward = { name: 'length', range: [0, 1], score: () => Promise.resolve(0.5) };
  expect(await explain(sampleOf('a'), [reward])).toEqual([
    { reward: 'length', value: 0.5, reason: 'no reason given (range 0 to 1)' },
  ]);
});
