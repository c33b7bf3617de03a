import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import seedrandom from 'seedrandom';
import { chooseBackend } from '../../src/backends/choose-backend.js';
import { largestDifference } from '../helpers/golden-model.js';

const random = seedrandom('kernels');
const normal = (shape: number[]): tf.Tensor => {
  const values = Array.from({ length: tf.util.sizeFromShape(shape) }, () => 2 * random() - 1);
  return tf.tensor(values, shape);
};
const indices = (...values: number[]): tf.Tensor1D => tf.tensor1d(values, 'int32');

/** The same computation on wasm and on the plain backend, from the same values. */
async function onBoth(
  shapes: number[][],
  compute: (...inputs: tf.Tensor[]) => tf.Tensor,
): Promise<[tf.Tensor, tf.Tensor]> {
  const inputs = shapes.map(normal);
  const values = inputs.map((input) => input.dataSync());
  const wasm = compute(...inputs);
  const result = wasm.dataSync();
  await tf.setBackend('cpu');
  const cpu = compute(...values.map((value, i) => tf.tensor(value, shapes[i])));
  const expected = tf.tensor(cpu.dataSync(), cpu.shape);
  await tf.setBackend('wasm');
  return [tf.tensor(result, wasm.shape), expected];
}

beforeAll(async () => {
  expect(await chooseBackend()).toBe('wasm');
});
afterAll(() => tf.setBackend('wasm'));

const cases: [string, number[][], (...inputs: tf.Tensor[]) => tf.Tensor][] = [];
for (const [transposeA, transposeB] of [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const) {
  for (const [name, batchA, batchB, m, k, n] of [
    ['one slice', [], [], 7, 5, 9],
    ['small slices', [2, 3], [2, 3], 4, 5, 6],
    ['large slices', [3], [3], 20, 30, 25],
    ['shared right operand', [4], [1], 20, 30, 25],
    ['shared left operand', [1], [4], 20, 30, 25],
  ] as [string, number[], number[], number, number, number][]) {
    cases.push([
      `matMul, ${name}, transpose ${String(transposeA)} ${String(transposeB)}`,
      [
        [...batchA, ...(transposeA ? [k, m] : [m, k])],
        [...batchB, ...(transposeB ? [n, k] : [k, n])],
      ],
      (a, b) => tf.matMul(a, b, transposeA, transposeB),
    ]);
  }
}
cases.push(
  ['gather rows', [[6, 70]], (x) => tf.gather(x, indices(5, 0, 0, 3))],
  ['gather of short rows', [[6, 3]], (x) => tf.gather(x, indices(5, 0, 0, 3))],
  ['gather along the last axis', [[2, 3, 8]], (x) => tf.gather(x, indices(4, 5, 6, 7, 0, 1, 2, 3), 2)],
  ['gather along the middle', [[2, 3, 4]], (x) => tf.gather(x, indices(2, 2, 1), 1)],
  [
    'gather by a matrix',
    [[5, 4]],
    (x) =>
      tf.gather(
        x,
        tf.tensor2d(
          [
            [1, 2],
            [3, 0],
          ],
          [2, 2],
          'int32',
        ),
      ),
  ],
  ['gather gradient', [[5, 4]], (x) => tf.grad((y) => tf.sum(tf.square(tf.gather(y, indices(1, 1, 4)))))(x)],
  ['unsortedSegmentSum', [[5, 4]], (x) => tf.unsortedSegmentSum(x, indices(2, 0, 2, -1, 1), 3)],
  ['slice of rows', [[6, 5]], (x) => tf.slice(x, [2, 0], [3, 5])],
  ['slice of columns', [[6, 90]], (x) => tf.slice(x, [0, 10], [6, 70])],
  ['slice inside', [[4, 5, 6]], (x) => tf.slice(x, [1, 2, 3], [2, 3, 2])],
  ['slice of rank 5', [[3, 2, 4, 2, 3]], (x) => tf.slice(x, [1, 0, 1, 1, 0], [2, 2, 2, 1, 3])],
  ['slice to the end', [[4, 5]], (x) => tf.slice(x, [1, 2])],
  [
    'concat of rows',
    [
      [2, 3],
      [4, 3],
    ],
    (a, b) => tf.concat([a, b], 0),
  ],
  [
    'concat of columns',
    [
      [2, 3],
      [2, 90],
    ],
    (a, b) => tf.concat([a, b], -1),
  ],
  [
    'concat in the middle, one part empty',
    [
      [2, 3, 2],
      [2, 0, 2],
      [2, 1, 2],
    ],
    (a, b, c) => tf.concat([a, b, c], 1),
  ],
);

describe('wasm kernels', () => {
  it.each(cases)('%s equals the plain backend', async (_, shapes, compute) => {
    const [wasm, cpu] = await onBoth(shapes, compute);
    expect(wasm.shape).toEqual(cpu.shape);
    // Float32 sums of at most 30 products of numbers below 1.
    expect(largestDifference(wasm.dataSync(), cpu.dataSync())).toBeLessThan(1e-5);
  });

  it('leave no memory behind and do not mix operands up when called again', () => {
    const [a, b] = [normal([8, 20, 30]) as tf.Tensor3D, normal([8, 30, 25]) as tf.Tensor3D];
    const before = tf.memory().numTensors;
    const first = tf.tidy(() => tf.matMul(a, b).dataSync());
    const doubled = tf.tidy(() => tf.matMul(a, tf.mul(b, 2)).dataSync());
    expect(
      largestDifference(
        doubled,
        first.map((value) => 2 * value),
      ),
    ).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuse what they do not do', () => {
    expect(() => tf.gather(normal([3, 2]), indices(3))).toThrow('gather: index 3 is outside [0, 3)');
    expect(() => tf.matMul(normal([2, 3, 4, 5]), normal([1, 3, 5, 4]))).toThrow('broadcast partially');
  });
});
