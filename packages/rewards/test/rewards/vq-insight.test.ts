import { expect, test } from '@jest/globals';
import { lengthWindowReward, temporalReward, type Reward, type Sample } from '../../src/index.js';
import { columnOf } from '../batches.js';
import { sampleOf } from '../samples.js';

/** An accuracy that is what the completion says. */
const accuracy: Reward = {
  name: 'accuracy',
  range: [0, 1],
  score: ({ completion }) => Promise.resolve(completion === 'null' ? null : Number(completion)),
};
const group = (...members: Partial<Sample>[]): Sample[] =>
  members.map((member, k) => ({ ...sampleOf('0'), id: String(k), ...member }));
const shuffled = { metadata: { frames: 'shuffled' } };
const tokens = (count: number): { completionIds: number[] } => ({ completionIds: new Array<number>(count).fill(0) });

test('temporal: a bonus when order helps at least as 0.8 to 1', async () => {
  // mean in order (0.8 + 0.1 + 0.6)/3 = 0.5, shuffled 0.6: 0.5 ≥ 0.8 · 0.6; 0.1 is not above 0.1
  const samples = group(
    { completion: '0.8' },
    { completion: '0.1' },
    { completion: '0.6' },
    { completion: '0.6', ...shuffled },
  );
  expect(await columnOf(temporalReward({ accuracy }), samples)).toEqual([0.3, 0, 0.3, null]);
  // 0.5 < 0.8 · 0.7
  const better = [...samples.slice(0, 3), { ...samples[3]!, completion: '0.7' }];
  expect(await columnOf(temporalReward({ accuracy }), better)).toEqual([0, 0, 0, null]);
});

test('temporal: does not apply without a control', async () => {
  expect(await columnOf(temporalReward({ accuracy }), group({ completion: '1' }))).toEqual([null]);
  const samples = group({ completion: 'null' }, { completion: '1' }, { completion: '0.5', ...shuffled });
  expect(await columnOf(temporalReward({ accuracy }), samples)).toEqual([null, 0.3, null]);
});

test('length window: right completions of 320 to 512 tokens, when two are right', async () => {
  const samples = group(
    { completion: '1', ...tokens(320) },
    { completion: '1', ...tokens(319) },
    { completion: '0.1', ...tokens(400) },
    { completion: '0.2', ...tokens(512) },
    { completion: '1', ...tokens(513) },
    { completion: 'null', ...tokens(400) },
  );
  expect(await columnOf(lengthWindowReward({ accuracy }), samples)).toEqual([0.2, 0, 0, 0.2, 0, null]);
  expect(await columnOf(lengthWindowReward({ accuracy }), [samples[0]!, samples[2]!])).toEqual([0, 0]);
});

test('length window: needs token ids', async () => {
  await expect(columnOf(lengthWindowReward({ accuracy }), group({ completion: '1' }))).rejects.toThrow(
    'lengthWindowReward: sample "0" has no completionIds',
  );
});
