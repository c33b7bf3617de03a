import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { compile, startTensorflow, type TensorflowBackend } from '../../src/index.js';

let backend: TensorflowBackend;
beforeAll(async () => {
  backend = await startTensorflow();
});

const numbers = (x: tf.Tensor) => [...x.dataSync()];
const silent = () => jest.fn<(reason: string) => void>();

describe.each(['xla', 'graph'] as const)('%s', (mode) => {
  test('gives what the function gives', () => {
    const fn = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(tf.softmax(x), y).relu();
    const [x, y] = [tf.randomNormal([3, 4], 0, 1, 'float32', 1), tf.randomNormal([4, 5], 0, 1, 'float32', 2)];
    const compiled = compile(fn, { mode });
    const expected = numbers(fn(x, y));
    for (let i = 0; i < 2; i++)
      numbers(compiled(x, y)).forEach((value, j) => expect(value).toBeCloseTo(expected[j]!, 6));
    expect(compiled.signatures()).toEqual([{ signature: '[float32[3,4];float32[4,5]]', mode, operations: 5 }]);
  });

  test('gradients are part of the program', () => {
    const slope = compile((x: tf.Tensor) => tf.grad((z: tf.Tensor) => tf.sum(tf.square(tf.sin(z))))(x), { mode });
    const x = tf.tensor1d([0.3, -1]);
    expect(numbers(slope(x))[0]).toBeCloseTo(Math.sin(0.6), 6); // d sin² = 2 sin cos
    expect(numbers(slope(x))[1]).toBeCloseTo(Math.sin(-2), 6);
  });

  test('arrays and objects go in and come out', () => {
    const fn = compile(
      ({ a, list }: { a: tf.Tensor; list: tf.Tensor[] }, factor: number) => ({
        sum: tf.addN([a, ...list]),
        scaled: [tf.mul(a, factor), factor, 'as it is'],
      }),
      { mode },
    );
    const input = { a: tf.tensor1d([1]), list: [tf.tensor1d([2]), tf.tensor1d([3])] };
    const { sum, scaled } = fn(input, 10);
    expect(numbers(sum)).toEqual([6]);
    expect(numbers(scaled[0] as tf.Tensor)).toEqual([10]);
    expect(scaled.slice(1)).toEqual([10, 'as it is']);
    expect(numbers(fn(input, 20).scaled[0] as tf.Tensor)).toEqual([20]); // another number, another program
    expect(fn.signatures()).toHaveLength(2);
  });

  test('an argument, a result twice, and a constant can be results', () => {
    const fn = compile(
      (x: tf.Tensor) => {
        const y = tf.add(x, 1);
        return [x, y, y, tf.tensor1d([7])];
      },
      { mode },
    );
    expect(fn(tf.tensor1d([1])).map(numbers)).toEqual([[1], [2], [2], [7]]);
  });

  test('variables are assigned, one after the other', () => {
    const [a, b] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(10))];
    const untouched = tf.clone(a);
    const step = compile(
      (x: tf.Tensor) => {
        a.assign(tf.add(a, x).asScalar());
        b.assign(tf.mul(a, 2).asScalar());
        return tf.add(a, b);
      },
      { mode },
    );
    expect(numbers(step(tf.scalar(1)))).toEqual([6]); // a = 2, b = 4
    expect(numbers(step(tf.scalar(5)))).toEqual([21]); // a = 7, b = 14
    expect([...numbers(a), ...numbers(b), ...numbers(untouched)]).toEqual([7, 14, 1]);
    tf.dispose([a, b]);
  });

  test('a variable is read at each call; a clone of it stays as it was', () => {
    const weight = tf.variable(tf.scalar(2));
    const reference = tf.clone(weight);
    const fn = compile((x: tf.Tensor) => [tf.mul(x, weight), tf.mul(x, reference)], { mode });
    expect(fn(tf.scalar(3)).map(numbers)).toEqual([[6], [6]]);
    weight.assign(tf.scalar(5));
    expect(fn(tf.scalar(3)).map(numbers)).toEqual([[15], [6]]);
    weight.dispose();
  });

  test('an optimizer’s step', () => {
    const train = (wrap: (step: () => tf.Scalar) => () => tf.Scalar) => {
      const w = tf.variable(tf.tensor1d([1, -2]));
      const step = wrap(() => {
        const { value, grads } = tf.variableGrads(() => tf.sum(tf.square(w)).asScalar(), [w]);
        w.assign(tf.sub<tf.Tensor1D>(w, tf.mul(grads[w.name]!, 0.1)));
        return value;
      });
      const losses = [1, 2, 3].map(() => numbers(step())[0]!);
      w.dispose();
      return losses;
    };
    const expected = train((step) => step);
    expected.forEach((loss, i) => expect(train((step) => compile(step, { mode }))[i]).toBeCloseTo(loss, 6));
    expect(expected[0]).toBe(5);
  });

  test('runs off the thread', async () => {
    const square = compile((x: tf.Tensor) => tf.matMul(x, x), { mode });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const y = await square.async(tf.ones([1500, 1500])).finally(() => clearInterval(timer));
    expect(turns).toBeGreaterThan(1);
    expect((await y.data())[0]).toBe(1500);
  });

  test('many calls leave no tensor behind', () => {
    const fn = compile((x: tf.Tensor) => tf.tanh(tf.matMul(x, x)), { mode });
    const x = tf.ones([4, 4]);
    fn(x).dispose();
    const before = [tf.memory().numTensors, backend.binding.memory().tensors];
    for (let i = 0; i < 2000; i++) fn(x).dispose();
    expect([tf.memory().numTensors, backend.binding.memory().tensors]).toEqual(before);
  });
});

describe('falls back, and says why', () => {
  test('where the function reads values', () => {
    const onFallback = silent();
    const fn = compile((x: tf.Tensor) => tf.mul(x, x.dataSync()[0]!), { onFallback });
    expect([...numbers(fn(tf.tensor1d([3]))), ...numbers(fn(tf.tensor1d([4])))]).toEqual([9, 16]);
    expect(onFallback.mock.calls).toEqual([
      ['compile: a function runs eagerly: it reads the values of a tensor that is computed at each call'],
    ]);
    expect(fn.signatures()[0]).toMatchObject({ mode: 'eager', operations: 0 });
  });

  test('where a shape depends on values', () => {
    const onFallback = silent();
    const fn = compile(function firsts(x: tf.Tensor1D) {
      return tf.unique(x).values;
    }, { onFallback }); // prettier-ignore
    expect(numbers(fn(tf.tensor1d([4, 4, 2])))).toEqual([4, 2]);
    expect(onFallback.mock.calls[0]![0]).toMatch(
      /firsts runs eagerly: the shape of what Unique\w* puts out depends on values/,
    );
  });

  test('where it waits', async () => {
    const onFallback = silent();
    const fn = compile((async (x: tf.Tensor) => (await x.data())[0]) as unknown as (x: tf.Tensor) => tf.Tensor, {
      onFallback,
    });
    expect(await (fn(tf.tensor1d([3])) as unknown)).toBe(3);
    expect(onFallback.mock.calls[0]![0]).toContain('it returns a promise');
  });

  test('to TensorFlow’s own executor where XLA has no such operation', () => {
    const onFallback = silent();
    const fn = compile((x: tf.Tensor4D) => tf.dilation2d(x, tf.ones([2, 2, 1]), 1, 'valid'), { onFallback });
    const x = tf.randomNormal<tf.Rank.R4>([1, 3, 3, 1], 0, 1, 'float32', 1);
    expect(numbers(fn(x))).toEqual(numbers(tf.dilation2d(x, tf.ones([2, 2, 1]), 1, 'valid')));
    expect(onFallback.mock.calls[0]![0]).toMatch(/runs without XLA: .*Dilation2D/s);
    expect(fn.signatures()[0]!.mode).toBe('graph');
  });

  test('an error of the function itself is thrown, and variables stay', () => {
    const v = tf.variable(tf.scalar(1));
    const fn = compile(() => {
      v.assign(tf.scalar(2));
      throw new Error('mine');
    });
    expect(() => fn() as unknown).toThrow('mine');
    expect(numbers(v)).toEqual([1]);
    expect(numbers(tf.add(1, 2))).toEqual([3]); // no longer tracing
    v.dispose();
  });
});

test('keeps so many signatures, the latest used', () => {
  const fn = compile((x: tf.Tensor) => tf.neg(x), { capacity: 2 });
  const [one, two, three] = [tf.ones([1]), tf.ones([2]), tf.ones([3])];
  [one, two, one, three].forEach((x) => fn(x));
  expect(fn.signatures().map(({ signature }) => signature)).toEqual(['[float32[1]]', '[float32[3]]']);
  expect(numbers(fn(two))).toEqual([-1, -1]);
  fn.dispose();
  expect(fn.signatures()).toEqual([]);
  expect(() => compile(fn, { capacity: 0 })).toThrow('capacity: expected a whole number of at least 1, got 0');
});

test('a tensor that was disposed is missed by name', () => {
  const weight = tf.scalar(2);
  const fn = compile((x: tf.Tensor) => tf.mul(x, weight));
  fn(tf.scalar(1));
  weight.dispose();
  expect(() => fn(tf.scalar(1))).toThrow('a tensor of the surroundings was disposed');
});

test('a compiled function within another becomes part of it', () => {
  const inner = compile((x: tf.Tensor) => tf.square(x));
  const outer = compile((x: tf.Tensor) => tf.add(inner(x), 1));
  expect(numbers(outer(tf.scalar(3)))).toEqual([10]);
  expect(inner.signatures()).toEqual([]);
});

test('two parts with a loss on the host between them', async () => {
  // y = tanh(x w): the first part keeps what the second needs; the loss and its slope are computed in JavaScript
  const w = tf.tensor2d([[0.5], [-1]]);
  const forward = compile((x: tf.Tensor) => {
    const y = tf.tanh(tf.matMul(x, w));
    return { y, saved: [x, y] };
  });
  const backward = compile((saved: tf.Tensor[], dy: tf.Tensor) => {
    const [x, y] = saved as [tf.Tensor, tf.Tensor];
    return tf.matMul(x, tf.mul(dy, tf.sub(1, tf.square(y))), true);
  });
  const x = tf.tensor2d([[1, 2], [3, 4]]); // prettier-ignore
  const { y, saved } = forward(x);
  const slope = Float32Array.from(await y.data(), (value) => 2 * value); // of the sum of squares
  const got = numbers(backward(saved, tf.tensor2d(slope, [2, 1])));
  const expected = numbers(tf.grad((v: tf.Tensor) => tf.sum(tf.square(tf.tanh(tf.matMul(x, v)))))(w));
  got.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5)); // XLA approximates tanh
});

test('prints the graph', () => {
  const weight = tf.tensor2d([[1], [2]]);
  const fn = compile((x: tf.Tensor) => tf.add(tf.matMul(x, weight), 1));
  const text = fn.print(tf.ones([3, 2]));
  expect(text).toMatch(/^%0 float32\[3,2\] = Input\(\)$/m);
  expect(text).toMatch(/^%\d float32\[2,1\] = Capture\(\)$/m);
  expect(text).toMatch(/^%\d float32\[3,1\] = MatMul\(%0, %\d\) transpose_a=false transpose_b=false$/m);
  expect(text).toMatch(/^%\d float32\[3,1\] = Add\(%\d, %\d\)$/m);
});

test('what cannot be an argument is refused', () => {
  const fn = compile((x: never) => tf.scalar(x));
  expect(() => fn((() => 1) as never)).toThrow('in arrays and plain objects, got a function');
});

test('runs as it is on another backend', async () => {
  await tf.setBackend('cpu');
  const fn = compile((x: tf.Tensor) => tf.neg(x));
  expect(numbers(fn(tf.scalar(2)))).toEqual([-2]);
  expect(fn.signatures()).toEqual([]);
  await tf.setBackend('tensorflow');
});

afterEach(() => expect(backend.trace).toBeUndefined());
