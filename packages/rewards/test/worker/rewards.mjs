// Rewards that the worker tests load into threads.
import { setTimeout } from 'node:timers';
import { threadId } from 'node:worker_threads';

let calls = 0;

export default (sample) => {
  calls += 1;
  if (sample.completion === 'loop') for (;;);
  if (sample.completion === 'throw') throw new Error('no such luck');
  if (sample.completion === 'exit') process.exit(1);
  if (sample.completion === 'uncaught') {
    setTimeout(() => {
      throw new Error('much later');
    });
    return new Promise(() => undefined);
  }
  if (sample.completion === 'mine') {
    setTimeout(() => {
      throw new Error('while idle');
    }, 20);
    return 1;
  }
  if (sample.completion === 'null') return null;
  if (sample.completion === 'calls') return calls;
  if (sample.completion === 'thread') return threadId;
  return sample.completion.length;
};

export const reward = { name: 'inner', range: [0, 99], score: async (sample) => sample.completion.length + 1 };

export const notAReward = 3;
