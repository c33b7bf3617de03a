import { expect, test } from '@jest/globals';
import { runRewards, type Reward } from '../src/index.js';
import { sampleOf } from './samples.js';

const constant = (name: string, value: unknown): Reward => ({ name, range: [0, 1], score: () => value as number });
const SAMPLES = [sampleOf('a', undefined, '1'), sampleOf('bb', undefined, '2')];

test('rows follow the samples, columns the rewards; null is left out of the sum', async () => {
  const byLength: Reward = {
    name: 'length',
    range: [0, 9],
    score: (sample) => Promise.resolve(sample.completion.length),
  };
  const table = await runRewards(SAMPLES, [byLength, constant('none', null), constant('half', 0.5)], {
    weights: { length: 2 },
  });
  expect(table).toEqual({
    names: ['length', 'none', 'half'],
    ids: ['1', '2'],
    values: [
      [1, null, 0.5],
      [2, null, 0.5],
    ],
    totals: [2.5, 4.5],
  });
});

test('a row of nulls has the total null', async () => {
  expect((await runRewards(SAMPLES, [constant('none', null)])).totals).toEqual([null, null]);
  expect(await runRewards([], [constant('none', null)])).toEqual({ names: ['none'], ids: [], values: [], totals: [] });
});

test.each([
  [NaN, 'NaN'],
  [1.01, '1.01'],
  [-0.01, '-0.01'],
  [undefined, 'undefined'],
  ['1', 'a value of type string'],
  [[1], 'a value of type object'],
])('%p is no reward', async (value, got) => {
  await expect(runRewards(SAMPLES, [constant('bad', value)])).rejects.toThrow(
    `runRewards: reward "bad" on sample "1" must give null or a number in [0, 1], got ${got}`,
  );
});

test('a reward that throws or rejects is named', async () => {
  const throws: Reward = {
    name: 'bad',
    range: [0, 1],
    score() {
      throw new Error('no network');
    },
  };
  const rejects: Reward = { ...throws, score: () => Promise.reject(new Error('no network')) };
  for (const reward of [throws, rejects]) {
    await expect(runRewards(SAMPLES, [reward])).rejects.toThrow(
      'runRewards: reward "bad" on sample "1" threw: no network',
    );
  }
});

test('ids, names and weights must fit', async () => {
  const reward = constant('a', 1);
  await expect(runRewards([...SAMPLES, SAMPLES[0]!], [reward])).rejects.toThrow('the sample id "1" is there twice');
  await expect(runRewards(SAMPLES, [reward, reward])).rejects.toThrow('the reward name "a" is there twice');
  await expect(runRewards(SAMPLES, [reward], { weights: { b: 1 } })).rejects.toThrow(
    'a weight is given for "b", the rewards are a',
  );
  await expect(runRewards(SAMPLES, [reward], { weights: { a: NaN } })).rejects.toThrow(
    'the weight of "a" must be finite',
  );
});

test('a reward named like a property of every object has weight 1', async () => {
  expect((await runRewards(SAMPLES, [constant('constructor', 1)])).totals).toEqual([1, 1]);
});
