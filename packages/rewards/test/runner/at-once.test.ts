import { expect, test } from '@jest/globals';
import { runRewards, type Reward } from '../../src/index.js';
import { sampleOf } from '../samples.js';

const SAMPLES = Array.from({ length: 6 }, (_, i) => sampleOf('a', undefined, String(i)));

/** A reward that counts its calls by sample, and answers them as told. */
function counting(answer: (id: string) => number | null | Promise<number | null>): { calls: string[]; reward: Reward } {
  const calls: string[] = [];
  const score: Reward['score'] = ({ id }) => {
    calls.push(id);
    return answer(id);
  };
  return { calls, reward: { name: 'counting', range: [0, 9], score } };
}

test('a reward that turns asynchronous is called once for each sample, and every value stays with its own', async () => {
  const { calls, reward } = counting((id) => (id === '2' || id === '4' ? Promise.resolve(Number(id)) : Number(id)));
  const { totals, metrics } = await runRewards(SAMPLES, [reward]);
  expect(totals).toEqual([0, 1, 2, 3, 4, 5]);
  expect(calls).toEqual(['0', '1', '2', '3', '4', '5']);
  expect(metrics['counting']?.calls).toBe(6);
});

test('a reward that fails in the middle goes on after it', async () => {
  const { calls, reward } = counting((id) => {
    if (id === '3') throw new Error('no');
    return id === '4' ? NaN : Number(id);
  });
  const told: string[] = [];
  const report = await runRewards(SAMPLES, [reward], {
    onError: 'null',
    onProgress: ({ done, total }) => told.push(`${done}/${total}`),
  });
  expect(report.totals).toEqual([0, 1, 2, null, null, 5]);
  expect(report.issues.map(({ samples, kind }) => [...samples, kind])).toEqual([['3', 'error'], ['4', 'value']]); // prettier-ignore
  expect(calls).toHaveLength(6);
  expect(told).toEqual(['1/6', '2/6', '3/6', '4/6', '5/6', '6/6']);
});

test('a promise that is rejected is the issue of its sample', async () => {
  const { calls, reward } = counting((id) => (id === '1' ? Promise.reject(new Error('later')) : 1));
  const report = await runRewards(SAMPLES, [reward], { onError: 'zero' });
  expect(report.totals).toEqual([1, 0, 1, 1, 1, 1]);
  expect(report.issues[0]?.message).toBe('reward "counting" on sample "1" threw: later');
  expect(calls).toHaveLength(6);
});

test('a run that fails begins no other reward', async () => {
  const first: Reward = {
    name: 'first',
    range: [0, 1],
    score: () => {
      throw new Error('broken');
    },
  };
  const { calls, reward } = counting(() => 1);
  await expect(runRewards(SAMPLES, [first, reward])).rejects.toThrow('reward "first" on sample "0" threw: broken');
  expect(calls).toEqual([]);
});
