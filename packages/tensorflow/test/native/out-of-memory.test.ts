import { beforeAll, expect, jest, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { compile, isOutOfMemory, startTensorflow } from '../../src/index.js';

beforeAll(() => startTensorflow());

const rows = 2 ** 23; // the product of its columns has 256 TiB, twice what a process on x86-64 can address
const square = (x: tf.Tensor2D) => tf.matMul(x, x, false, true);
const sums = (x: tf.Tensor2D) => tf.sum(tf.sqrt(square(x)), 1);

async function errorOf(run: () => unknown): Promise<Error> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

test('an operation that gets no memory says so', async () => {
  const x = tf.ones<tf.Rank.R2>([rows, 1]);
  const error = await errorOf(() => square(x));
  expect(isOutOfMemory(error)).toBe(true);
  expect(error.message).toContain('OOM when allocating tensor with shape[8388608,8388608]');
  expect(tf.matMul(tf.ones([2, 1]), tf.ones([1, 2])).shape).toEqual([2, 2]); // the backend goes on
  x.dispose();
});

test.each(['blocking', 'not blocking'])('so does a program, %s, and it is not given up for operations', async (how) => {
  const onFallback = jest.fn<(reason: string) => void>();
  const program = compile(sums, { onFallback });
  const x = tf.ones<tf.Rank.R2>([rows, 1]);
  const error = await errorOf(() => (how === 'blocking' ? program(x) : program.async(x)));
  expect(isOutOfMemory(error)).toBe(true);
  expect(error.message).toContain('Out of memory while trying to allocate');
  expect(onFallback).not.toHaveBeenCalled();
  x.dispose();
});

test('other errors are not taken for it', async () => {
  const error = await errorOf(() => tf.slice(tf.ones([2]), [3]));
  expect(isOutOfMemory(error)).toBe(false);
  expect(isOutOfMemory('RESOURCE_EXHAUSTED')).toBe(false);
});
