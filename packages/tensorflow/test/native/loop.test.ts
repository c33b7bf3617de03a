import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { compile, startTensorflow, whileLoop, writeSlice, type TensorflowBackend } from '../../src/index.js';

let backend: TensorflowBackend;
beforeAll(async () => {
  backend = await startTensorflow();
});

const numbers = (x: tf.Tensor) => [...x.dataSync()];

/** Powers of a matrix until the trace passes a limit, which lies outside of the loop. */
const power = (m: tf.Tensor2D, limit: tf.Tensor) =>
  whileLoop(
    ({ product }) => tf.less(tf.sum(product), limit),
    ({ product, turns, untouched }) => ({
      product: tf.matMul<tf.Tensor2D>(product, m),
      turns: tf.add<tf.Scalar>(turns, tf.scalar(1, 'int32')),
      untouched,
    }),
    { product: m, turns: tf.scalar(0, 'int32'), untouched: [tf.tensor1d([5])] },
  );

describe.each(['xla', 'graph', 'eager'] as const)('a loop (%s)', (mode) => {
  const run = <A extends unknown[], R>(fn: (...args: A) => R) => (mode === 'eager' ? fn : compile(fn, { mode }));

  test('turns until the condition fails, and uses what is around it', () => {
    const fn = run(power);
    const m = tf.tensor2d([1, 1, 1, 1], [2, 2]);
    for (const [limit, turns] of [
      [100, 5],
      [3, 0],
      [5, 1],
    ]) {
      // sums 4, 8, 16, ...
      const out = fn(m, tf.scalar(limit!));
      expect([...numbers(out.turns), ...numbers(out.product), ...numbers(out.untouched[0]!)]).toEqual([
        turns,
        ...new Array<number>(4).fill(2 ** turns!),
        5,
      ]);
    }
  });

  test('captures tensors of the surroundings, within a loop within a loop', () => {
    const factor = tf.scalar(3);
    const fn = run((x: tf.Tensor) => {
      const doubled = tf.mul(x, 2);
      return whileLoop(
        ([outer]) => tf.less(outer!, 100),
        ([outer]) => [
          whileLoop(
            ([y]) => tf.less(y!, tf.mul(doubled, 4)),
            ([y]) => [tf.add(y!, factor)],
            [tf.mul(outer!, factor)],
          )[0]!,
        ],
        [doubled],
      );
    });
    // 2: 6 -> 9; 27, 81, 243
    expect(numbers(fn(tf.scalar(1))[0]!)).toEqual([243]);
  });

  test('leaves no tensor behind', () => {
    const fn = run(power);
    const [m, limit] = [tf.tensor2d([1, 1, 1, 1], [2, 2]), tf.scalar(50)];
    tf.dispose(tf.tidy(() => fn(m, limit) as unknown as tf.TensorContainer));
    const before = [tf.memory().numTensors, backend.binding.memory().tensors];
    for (let i = 0; i < 20; i++) tf.dispose(tf.tidy(() => fn(m, limit) as unknown as tf.TensorContainer));
    expect([tf.memory().numTensors, backend.binding.memory().tensors]).toEqual(before);
  });

  test('writes slices into its state', () => {
    const fn = run((x: tf.Tensor2D) =>
      whileLoop(
        ({ i }) => tf.less(i, 3),
        ({ i, y }) => ({
          i: tf.add<tf.Scalar>(i, tf.scalar(2, 'int32')),
          y: writeSlice(y, tf.fill([2, 1], 7), 1, i),
        }),
        { i: tf.scalar(0, 'int32'), y: x },
      ),
    );
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    expect(numbers(fn(x).y)).toEqual([7, 2, 7, 7, 5, 7]);
    expect(numbers(x)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('a body that gives another shape is refused', () => {
    const fn = run((x: tf.Tensor) =>
      whileLoop(
        () => tf.scalar(true),
        (y) => tf.concat([y, y]),
        x,
      ),
    );
    expect(() => fn(tf.tensor1d([1]))).toThrow('the body must give what it takes: expected float32[1], got float32[2]');
  });
});

test('a slice of another shape is refused', () => {
  expect(() => writeSlice(tf.zeros([2, 3]), tf.zeros([2]), 1, tf.scalar(0, 'int32'))).toThrow(
    'writeSlice: expected a slice of shape [2, 1], got [2]',
  );
});
