import { expect, test } from '@jest/globals';
import { jointDataset, type Mix } from '../../src/data/joint.js';
import type { Dataset } from '../../src/data/prompt.js';

const set = (name: string, length: number): Dataset => ({
  length,
  get: (index) => Promise.resolve({ id: `${name}:${index}`, messages: [], label: { task: 'none' } }),
  indexOf: (id) => Number(id.split(':')[1]),
});
const idsOf = async (dataset: Dataset) =>
  Promise.all(Array.from({ length: dataset.length }, async (_, index) => (await dataset.get(index)).id));
const shares = async (mix: Mix | undefined, lengths: readonly number[]) => {
  const ids = await idsOf(jointDataset(lengths.map((length, k) => set(`s${k}`, length)), mix)); // prettier-ignore
  expect(new Set(ids).size).toBe(ids.length);
  return lengths.map((_, k) => ids.filter((id) => id.startsWith(`${k}/`)).length);
};

test('without a mix every prompt is there once', async () => {
  expect(await shares(undefined, [7, 3])).toEqual([7, 3]);
  expect(await idsOf(jointDataset([set('a', 2), set('b', 1)]))).toEqual(['0/a:0', '0/a:1', '1/b:0']);
});

test('weights: every prompt at least once, the sets in proportion', async () => {
  expect(await shares([1, 1], [7, 3])).toEqual([7, 7]);
  expect(await shares([2, 1], [6, 6])).toEqual([12, 6]);
  expect(await shares([3, 1, 1], [4, 8, 2])).toEqual([24, 8, 8]);
});

test('a temperature: 1 is by size, a high one even', async () => {
  expect(await shares({ temperature: 1 }, [100, 4])).toEqual([100, 4]);
  expect(await shares({ temperature: 2 }, [100, 4])).toEqual([100, 20]); // 10 to 2
  expect(await shares({ temperature: 1e9 }, [100, 4])).toEqual([100, 100]);
});

test('what is gone through again shows the same prompts under other ids, each of which leads back', async () => {
  const joint = jointDataset([set('a', 5), set('b', 2)], [1, 1]);
  const ids = await idsOf(joint);
  expect(ids.slice(5)).toEqual(['1/b:0', '1/b:1', '1/b:0#2', '1/b:1#2', '1/b:0#3']);
  ids.forEach((id, index) => expect(joint.indexOf!(id)).toBe(index));
});

test('refuses a weight too few', () => {
  expect(() => jointDataset([set('a', 1), set('b', 1)], [1])).toThrow('mix must have 2 weights, one a set, got 1');
});
