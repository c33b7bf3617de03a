import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startTensorflow, type TensorflowBackend } from '../../src/index.js';

let backend: TensorflowBackend;
beforeAll(async () => {
  backend = await startTensorflow();
});

test('is the current backend, and starts once', async () => {
  expect(tf.getBackend()).toBe('tensorflow');
  expect(await startTensorflow()).toBe(backend);
});

test('the same seed draws the same, another seed something else', () => {
  const draw = (seed: number) => [...tf.multinomial(tf.zeros<tf.Rank.R1>([8]), 40, seed).dataSync()];
  expect(draw(7)).toEqual(draw(7));
  expect(draw(8)).not.toEqual(draw(7));
  expect(new Set(draw(7)).size).toBeGreaterThan(4);
});

test('probabilities are taken as such', () => {
  const drawn = tf.multinomial(tf.tensor1d([0, 0.25, 0.75]), 4000, 3, true).dataSync();
  const shares = [0, 1, 2].map((value) => drawn.filter((x) => x === value).length / drawn.length);
  expect(shares[0]).toBe(0);
  expect(Math.abs(shares[1]! - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 4000)); // four standard errors
});

test('gathering reads nothing back, and still refuses what is out of range', () => {
  const [x, indices] = [tf.tensor1d([1, 2, 3]), tf.cast(tf.tensor1d([2, 0]), 'int32')]; // cast: an operation's output
  const { binding } = backend;
  backend.binding = Object.create(binding, {
    tensorDataSync: {
      value: () => {
        throw new Error('read back');
      },
    },
  }) as typeof binding;
  const y = tf.gather(x, indices);
  backend.binding = binding;
  expect([...y.dataSync()]).toEqual([3, 1]);
  expect(() => tf.gather(x, tf.tensor1d([3], 'int32'))).toThrow(/indices\[0\] = 3 is not in \[0, 3\)/);
});

test('reading gives the event loop its turn and equals dataSync', async () => {
  const x = tf.randomNormal([100, 100]);
  const y = tf.matMul(x, x);
  expect(await y.data()).toEqual(y.dataSync());
});

test('disposed tensors are freed at once, forgotten ones when they are collected', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const [a, b] = [tf.ones([10]), tf.ones([10])];
  tf.add(a, b).dispose();
  const before = backend.binding.memory().tensors;
  tf.add(a, b).dispose();
  expect(backend.binding.memory().tensors).toBe(before);
  (() => {
    for (let i = 0; i < 100; i++) tf.add(a, b);
  })();
  expect(backend.binding.memory().tensors).toBe(before + 100);
  for (let i = 0; i < 20 && backend.binding.memory().tensors > before; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  expect(backend.binding.memory().tensors).toBeLessThanOrEqual(before);
  tf.dispose([a, b]);
});
