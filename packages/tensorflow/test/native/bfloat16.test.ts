import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import {
  bfloat16Matrix,
  compile,
  isBfloat16,
  startTensorflow,
  whileLoop,
  type TensorflowBackend,
} from '../../src/index.js';

let backend: TensorflowBackend;
beforeAll(async () => {
  backend = await startTensorflow();
});

/** Values that bfloat16 holds exactly, and their bits. */
const VALUES = Float32Array.from({ length: 40 }, (_, i) => ((i * 7) % 19) / 8 - 1);
const BITS = new Uint16Array(new Uint32Array(VALUES.buffer).map((word) => word >>> 16));
const matrix = () => bfloat16Matrix([8, 5], (first, count) => BITS.subarray(first * 5, (first + count) * 5));

test('reads as the float32 it stands for, and takes half of its memory', async () => {
  const before = tf.memory() as unknown as { nativeBytes: number };
  const x = await matrix();
  const after = tf.memory() as unknown as { nativeBytes: number };
  expect(after.nativeBytes - before.nativeBytes).toBe(2 * 40);
  expect([isBfloat16(x), x.dtype, x.shape]).toEqual([true, 'float32', [8, 5]]);
  expect(x.dataSync()).toEqual(VALUES);
  expect(await x.data()).toEqual(VALUES);
  x.dispose();
});

test('is filled row by row when rows are long', async () => {
  const columns = 5_000_000; // 10 MB: one row at a time
  const asked: number[][] = [];
  const x = await bfloat16Matrix([3, columns], (first, count) => {
    asked.push([first, count]);
    return new Uint16Array(count * columns).fill(0x3f80 + first); // 1, 1 + 1/128, 1 + 2/128
  });
  expect(asked).toEqual([[0, 1], [1, 1], [2, 1]]); // prettier-ignore
  const means = tf.tidy(() => tf.max(x, 1).dataSync());
  expect([...means]).toEqual([1, 1 + 1 / 128, 1 + 2 / 128]);
  x.dispose();
});

const OPERATIONS: [string, (x: tf.Tensor2D) => tf.Tensor][] = [
  ['matMul', (x) => tf.matMul(tf.ones([2, 8]), x)],
  ['matMul, transposed', (x) => tf.matMul(tf.ones([2, 5]), x, false, true)],
  ['gather', (x) => tf.gather(x, tf.tensor1d([7, 0, 3], 'int32'))],
  ['add', (x) => tf.add(x, 1)],
  ['transpose', (x) => tf.transpose(x)],
  ['split', (x) => tf.split(x, 2, 0)[1]!],
  ['clone', (x) => tf.mul(tf.clone(x), 2)],
];

test.each(OPERATIONS)('%s equals float32 to the bit, eager and compiled, and leaves nothing', async (_, run) => {
  const [x, wide] = [await matrix(), tf.tensor2d(VALUES, [8, 5])];
  const expected = tf.tidy(() => run(wide).dataSync());
  const tensors = tf.memory().numTensors;
  const bytes = backend.binding.memory().bytes;
  expect(tf.tidy(() => run(x).dataSync())).toEqual(expected);
  const compiled = compile((input: tf.Tensor2D) => run(input), { onFallback: (reason) => expect(reason).toBe('') });
  const captured = compile(() => run(x), { onFallback: (reason) => expect(reason).toBe('') });
  for (const result of [compiled(x), captured(), compiled(wide)]) {
    expect(result.dataSync()).toEqual(expected);
    result.dispose();
  }
  expect(compiled.signatures()).toHaveLength(2); // float32 and bfloat16 are two programs
  expect(tf.memory().numTensors).toBe(tensors);
  expect(backend.binding.memory().bytes).toBe(bytes);
  tf.dispose([x, wide]);
});

test('the gradient of what it is multiplied by is that of float32', async () => {
  const [x, wide] = [await matrix(), tf.tensor2d(VALUES, [8, 5])];
  const slope = (weights: tf.Tensor2D) =>
    tf
      .grad((a: tf.Tensor) => tf.sum(tf.square(tf.matMul(a as tf.Tensor2D, weights))))(tf.ones([2, 8]))
      .dataSync();
  expect(slope(x)).toEqual(slope(wide));
  tf.dispose([x, wide]);
});

describe('products in bfloat16', () => {
  const inBfloat16 = () =>
    bfloat16Matrix([8, 5], (first, count) => BITS.subarray(first * 5, (first + count) * 5), 'bfloat16');
  /** Multiples of 1/8 below 3: bfloat16 holds them exactly. */
  const other = (rows: number, columns: number) =>
    tf.tensor2d(
      Float32Array.from({ length: rows * columns }, (_, i) => ((i * 5) % 24) / 8),
      [rows, columns],
    );
  type Product = (x: tf.Tensor2D, y: tf.Tensor2D) => tf.Tensor;
  const PRODUCTS: [string, [number, number], Product][] = [
    ['y x', [3, 8], (x, y) => tf.matMul(y, x)],
    ['y xᵀ', [3, 5], (x, y) => tf.matMul(y, x, false, true)],
    ['yᵀ x', [8, 3], (x, y) => tf.matMul(y, x, true, false)],
    ['x y', [5, 3], (x, y) => tf.matMul(x, y)],
    [
      'in a loop',
      [3, 8],
      (x, y) => {
        const start = { i: tf.scalar(0), sum: tf.zeros([3, 5]) };
        const add = ({ i, sum }: typeof start) => ({ i: tf.add(i, 1), sum: tf.add(sum, tf.matMul(y, x)) });
        return whileLoop(({ i }) => tf.less(i, 3), add as (state: typeof start) => typeof start, start).sum;
      },
    ],
  ];
  const noFallback = (reason: string): void => expect(reason).toBe('');

  test.each(PRODUCTS)('%s: exact where both operands are, and a program of its own', async (_, shape, run) => {
    const [x, exact, wide, y] = [await inBfloat16(), await matrix(), tf.tensor2d(VALUES, [8, 5]), other(...shape)];
    const expected = tf.tidy(() => run(wide, y).dataSync());
    const tensors = tf.memory().numTensors;
    expect(tf.tidy(() => run(x, y).dataSync())).toEqual(expected);
    const compiled = compile((a: tf.Tensor2D, b: tf.Tensor2D) => run(a, b), { onFallback: noFallback });
    for (const input of [x, exact]) {
      const result = compiled(input, y);
      expect(result.dataSync()).toEqual(expected);
      result.dispose();
    }
    expect(tf.memory().numTensors).toBe(tensors);
    expect(compiled.signatures()).toHaveLength(2);
    tf.dispose([x, exact, wide, y]);
  });

  test('the program multiplies in bfloat16 where the matrix says so, and only there', async () => {
    const [x, exact, y] = [await inBfloat16(), await matrix(), other(3, 8)];
    const compiled = compile((a: tf.Tensor2D, b: tf.Tensor2D) => tf.matMul(b, a), { onFallback: noFallback });
    expect(compiled.print(x, y)).toContain('BatchMatMulV3(');
    expect(compiled.print(exact, y)).not.toContain('BatchMatMulV3(');
    tf.dispose([x, exact, y]);
  });

  test('what it is multiplied by is rounded', async () => {
    const x = await inBfloat16();
    const [ones, more] = [tf.ones([1, 8]), tf.fill([1, 8], 1 + 2 ** -12)] as [tf.Tensor2D, tf.Tensor2D];
    expect(tf.matMul(more, x).dataSync()).toEqual(tf.matMul(ones, x).dataSync());
    tf.dispose([x, ones, more]);
  });

  test('runs eagerly where there is no XLA', async () => {
    const [x, y] = [await inBfloat16(), other(3, 8)];
    const reasons: string[] = [];
    const graph = compile((a: tf.Tensor2D) => tf.matMul(y, a), {
      mode: 'graph',
      onFallback: (why) => reasons.push(why),
    });
    expect(graph(x).dataSync()).toEqual(tf.matMul(y, x).dataSync());
    expect(reasons).toEqual([expect.stringContaining('runs eagerly: without XLA there is no BatchMatMulV3')]);
    tf.dispose([x, y]);
  });

  test('runs eagerly where XLA cannot compile it: in a loop, the product is multiplied by a constant', async () => {
    const [x, wide, constant] = [await inBfloat16(), tf.tensor2d(VALUES, [8, 5]), other(5, 8)];
    type State = { i: tf.Scalar; y: tf.Tensor2D };
    const run = (weights: tf.Tensor2D) =>
      tf.tidy(
        () =>
          whileLoop(
            ({ i }: State) => tf.less(i, 2),
            ({ i, y }) => ({
              i: tf.add<tf.Scalar>(i, 1),
              y: tf.matMul<tf.Tensor2D>(tf.matMul(y, weights), tf.div(other(5, 8), 8)),
            }),
            { i: tf.scalar(0), y: other(3, 8) },
          ).y,
      );
    const reasons: string[] = [];
    const compiled = compile(run, { onFallback: (why) => reasons.push(why) });
    const expected = tf.tidy(() => run(wide).dataSync());
    const tensors = tf.memory().numTensors;
    for (let call = 0; call < 2; call++) {
      const result = compiled(x);
      result.dataSync().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 1)); // y is rounded at each turn
      result.dispose();
    }
    const async = await compile(run, { onFallback: (why) => reasons.push(why) }).async(x);
    async.dispose();
    const message = expect.stringMatching(/runs eagerly: .*unsupported operand type BF16 in op dot/);
    expect(reasons).toEqual([message, message]);
    expect(compiled.print(x)).toBe('');
    expect(tf.memory().numTensors).toBe(tensors);
    tf.dispose([x, wide, constant]);
  });
});

test('a reader that gives too little is named, and nothing is left', async () => {
  const before = backend.binding.memory();
  await expect(bfloat16Matrix([2, 3], () => new Uint16Array(5))).rejects.toThrow(
    'bfloat16Matrix: read must give 2 rows of 3 values, got 5 values',
  );
  expect(backend.binding.memory()).toEqual(before);
});
