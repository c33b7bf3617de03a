import { expect, test } from '@jest/globals';
import {
  explain,
  explanationLine,
  fidelityReward,
  qInsightRewards,
  temporalReward,
  type Reward,
} from '../../src/index.js';
import { batchOf } from '../batches.js';
import { sampleOf } from '../samples.js';

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

test('a reward that compares samples is explained within the batch', async () => {
  const batch = batchOf({ label: 4, says: [4] }, { label: 2, says: [2] });
  const [entry] = await explain(batch[0]!, [fidelityReward()], batch);
  expect(entry?.value).toBeCloseTo(1, 2);
  expect(entry?.reason).toBe('said 4, the label is 4; compared with 1 other image');
  expect(await explain(batch[0]!, [fidelityReward()])).toEqual([
    { reward: 'fidelity', value: null, reason: 'no other image to compare with' },
  ]);
});

test('a group reward sees its group alone, and may have no reasons', async () => {
  const accuracy: Reward = { name: 'accuracy', range: [0, 1], score: () => 1 };
  const sample = sampleOf('a');
  const control = { ...sampleOf('b', undefined, 'control'), group: 'other', metadata: { frames: 'shuffled' } };
  expect(await explain(sample, [temporalReward({ accuracy })], [sample, control])).toEqual([
    { reward: 'temporal', value: null, reason: 'no reason given (range 0 to 0.3)' },
  ]);
});

test('shows the part of the completion that a reason is about', async () => {
  const text = '<think>a</think> so <answer>{"rating": 3.9}</answer>';
  const entries = await explain(sampleOf(text), qInsightRewards());
  expect(entries.map(({ place }) => place && text.slice(place.start, place.end))).toEqual([
    ' so ',
    '3.9',
    undefined,
    undefined,
  ]);
});
