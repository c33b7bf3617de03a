import { fork } from 'node:child_process';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import seedrandom from 'seedrandom';
import type { Example, ExampleSource } from './examples.js';

/** Examples to train on, always in the making. */
export interface ExamplePool {
  /** Examples drawn evenly from those at hand. Waits until there are as many as asked for. */
  batch(size: number): Promise<Example[]>;
  /** Examples made so far. */
  made(): number;
  close(): void;
}

/**
 * Starts a second process that makes examples, and keeps the last `capacity` of them: making an image takes about as
 * long as training on it, and few photographs are soon known by heart. Which examples are at hand when a batch is drawn
 * depends on the speed of both, so two trainings are alike but not the same.
 */
export function openExamplePool(kind: 'captions' | 'answers', source: ExampleSource, capacity: number): ExamplePool {
  const file = path.join(import.meta.dirname, 'example-maker.ts');
  const maker = fork(file, [JSON.stringify({ kind, source })], { serialization: 'advanced' });
  const pool: Example[] = [];
  const random = seedrandom(source.seed);
  let made = 0;
  let failed = false;
  maker.on('message', (example) => {
    pool[made % capacity] = example as Example;
    made += 1;
  });
  maker.on('exit', () => (failed = true));
  return {
    async batch(size) {
      do {
        await setTimeout(20); // lets messages in: training itself never waits for anything
        if (failed) throw new Error('the process that makes examples ended; its message is above');
      } while (pool.length < Math.min(size, capacity));
      // Copies, because a policy keeps what it computes from a prompt for as long as the prompt object lives.
      return Array.from({ length: size }, () => {
        const { prompt, text } = pool[Math.floor(random() * pool.length)]!;
        return { prompt: { ...prompt }, text };
      });
    },
    made: () => made,
    close: () => void maker.kill(),
  };
}
