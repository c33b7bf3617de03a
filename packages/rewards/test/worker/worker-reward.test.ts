import { afterEach, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runRewards, type Sample } from '../../src/index.js';
import { workerReward, type WorkerReward, type WorkerRewardOptions } from '../../src/worker/index.js';
import { sampleOf } from '../samples.js';

const MODULE = new URL('rewards.mjs', import.meta.url);
const open: WorkerReward[] = [];
const start = (options: Partial<WorkerRewardOptions> = {}): WorkerReward => {
  const reward = workerReward({ name: 'w', range: [0, 1e6], module: MODULE, timeout: 5000, ...options });
  open.push(reward);
  return reward;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((reward) => reward.close()));
});

const samples = (...texts: string[]): Sample[] => texts.map((text, i) => sampleOf(text, undefined, String(i)));

test('gives what the module gives', async () => {
  expect((await runRewards(samples('abc', 'null', 'a'), [start()])).totals).toEqual([3, null, 1]);
});

test('takes a Reward or a function, by name, by URL or path', async () => {
  expect(await start({ export: 'reward' }).score(sampleOf('abc'))).toBe(4);
  expect(await start({ module: fileURLToPath(MODULE) }).score(sampleOf('abc'))).toBe(3);
  await expect(start({ export: 'notAReward' }).score(sampleOf('a'))).rejects.toThrow(
    'exports no reward named notAReward',
  );
  await expect(start({ module: './no-such-file.mjs' }).score(sampleOf('a'))).rejects.toThrow('no-such-file.mjs');
});

test('a loop without end is ended, and the run goes on', async () => {
  const report = await runRewards(samples('a', 'loop', 'abc', 'loop', 'ab'), [start({ timeout: 2000 })], {
    onError: 'null',
  });
  expect(report.totals).toEqual([1, null, 3, null, 2]);
  expect(report.issues.map((issue) => issue.message)).toEqual([
    'reward "w" on sample "1" gave no answer within 2000 ms; its thread was ended',
    'reward "w" on sample "3" gave no answer within 2000 ms; its thread was ended',
  ]);
});

test('a reward that throws, exits or fails later is told apart, and the next call works', async () => {
  const report = await runRewards(samples('throw', 'exit', 'uncaught', 'ab'), [start()], { onError: 'null' });
  expect(report.totals).toEqual([null, null, null, 2]);
  expect(report.issues.map((issue) => issue.message)).toEqual([
    'reward "w" on sample "0" threw: no such luck',
    'reward "w" on sample "1" threw: the reward ended its thread',
    'reward "w" on sample "2" threw: much later',
  ]);
});

test('one thread takes call after call; several work side by side', async () => {
  const one = await runRewards(samples('calls', 'calls', 'calls'), [start()]);
  expect(one.totals).toEqual([1, 2, 3]);
  const many = await runRewards(samples('thread', 'thread', 'thread'), [start({ threads: 3 })]);
  expect(new Set(many.totals).size).toBe(3);
});

test('what cannot be sent to a thread is refused, and the thread goes on', async () => {
  const reward = start();
  await expect(reward.score({ ...sampleOf('a'), metadata: { f: () => 1 } })).rejects.toThrow('could not be cloned');
  expect(await reward.score(sampleOf('calls'))).toBe(1);
});

test('a thread that ends while idle is replaced', async () => {
  const reward = start();
  expect(await reward.score(sampleOf('mine'))).toBe(1);
  for (let calls: number | null = 0; calls !== 1;) {
    await sleep(50);
    try {
      calls = await reward.score(sampleOf('calls'));
    } catch (error) {
      expect(error).toMatchObject({ message: 'while idle' }); // it may end during a call
    }
  }
});

test('closing ends calls under way', async () => {
  const reward = start();
  const call = reward.score(sampleOf('loop'));
  const seen = expect(call).rejects.toThrow('the reward ended its thread');
  setTimeout(() => void reward.close(), 200);
  await seen;
});

test.each([{ timeout: 0 }, { threads: 0 }, { threads: 1.5 }])('%j is refused', (options) => {
  expect(() => workerReward({ name: 'w', range: [0, 1], module: MODULE, timeout: 1, ...options })).toThrow(RangeError);
});
