import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import seedrandom from 'seedrandom';
import { chooseBackend } from '../../../src/backends/choose-backend.js';
import { createGradients } from '../../../src/models/gradients.js';
import {
  attention,
  attentionBackward,
  causalMask,
  expectedGradient,
  MASKED,
} from '../../../src/models/layers/attention.js';
import { causalAttention, causalAttentionBackward, causalScores } from '../../../src/models/layers/causal-attention.js';
import { gelu, geluBackward } from '../../../src/models/layers/gelu.js';
import { linear, linearBackward, mergeLinear, type Linear } from '../../../src/models/layers/linear.js';
import { rmsNorm, rmsNormBackward } from '../../../src/models/layers/rms-norm.js';
import { rotaryTable, rotate, rotateBackward } from '../../../src/models/layers/rotary.js';
import { swiglu, swigluAgain } from '../../../src/models/layers/swiglu.js';
import { largestDifference } from '../../helpers/golden-model.js';

const random = seedrandom('layers');
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- states the rank, as tf.tensor cannot
const normal = <T extends tf.Tensor>(...shape: number[]): T =>
  tf.tensor(
    Array.from({ length: tf.util.sizeFromShape(shape) }, () => 2 * random() - 1),
    shape,
  ) as T;

/** Backward functions against TensorFlow.js' own differentiation of the forward function: float32 rounding apart. */
function expectGradients(
  forward: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  backward: (dy: tf.Tensor) => tf.Tensor[],
): void {
  const dy = normal(...forward(...inputs).shape);
  const expected = tf.grads(forward)(inputs, dy);
  const ours = backward(dy);
  expect(ours).toHaveLength(expected.length);
  ours.forEach((gradient, i) => {
    expect(gradient.shape).toEqual(expected[i]!.shape);
    expect(largestDifference(gradient.dataSync(), expected[i]!.dataSync())).toBeLessThan(1e-5);
  });
}

beforeAll(() => chooseBackend());

describe('linear', () => {
  const names = ['f.weight', 'f.bias', 'f.lora_A.weight', 'f.lora_B.weight'];
  const make = (weight: tf.Tensor, bias: tf.Tensor, a: tf.Tensor, b: tf.Tensor): Linear => ({
    name: 'f',
    weight: weight as tf.Tensor2D,
    bias: bias as tf.Tensor1D,
    lora: { a: a as tf.Tensor2D, b: b as tf.Tensor2D, scaling: 1.5 },
  });
  const inputs = (): tf.Tensor2D[] => [normal(7, 5), normal(4, 5), normal(4), normal(2, 5), normal(4, 2)];

  it('has the gradients of its definition, LoRA and bias included', () => {
    const [x, weight, bias, a, b] = inputs();
    const forward = (...[x, w, c, a, b]: tf.Tensor[]): tf.Tensor => {
      const low = tf.matMul(tf.matMul(x!, a!, false, true), b!, false, true);
      return tf.add(tf.add(tf.matMul(x!, w!, false, true), c!), tf.mul(low, 1.5));
    };
    const layer = make(weight!, bias!, a!, b!);
    expect(
      largestDifference(linear(x!, layer).dataSync(), forward(x!, weight!, bias!, a!, b!).dataSync()),
    ).toBeLessThan(1e-6);
    expectGradients(forward, [x!, weight!, bias!, a!, b!], (dy) => {
      const gradients = createGradients(new Set(names));
      const dx = linearBackward(x!, dy as tf.Tensor2D, layer, gradients);
      return [dx, ...names.map((name) => gradients.sums.get(name)!)];
    });
  });

  it('computes gradients of trained parameters only, and adds them up', () => {
    const [x, weight, bias, a, b] = inputs();
    const gradients = createGradients(new Set(['f.bias']));
    for (let i = 0; i < 2; i++) linearBackward(x!, tf.ones([7, 4]), make(weight!, bias!, a!, b!), gradients);
    expect([...gradients.sums.keys()]).toEqual(['f.bias']);
    expect([...gradients.sums.get('f.bias')!.dataSync()]).toEqual([14, 14, 14, 14]);
  });

  it('gives the same merged', () => {
    const [x, weight, bias, a, b] = inputs();
    const layer = make(weight!, bias!, a!, b!);
    expect(
      largestDifference(linear(x!, { ...layer, merged: mergeLinear(layer) }).dataSync(), linear(x!, layer).dataSync()),
    ).toBeLessThan(2e-6);
  });
});

describe('rmsNorm', () => {
  it('has the gradients of its definition', () => {
    const [x, weight] = [normal<tf.Tensor2D>(6, 8), normal<tf.Tensor1D>(8)];
    const forward = (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
      tf.mul(tf.div(x, tf.sqrt(tf.add(tf.mean(tf.mul(x, x), 1, true), 1e-6))), w);
    const layer = { name: 'n', weight, epsilon: 1e-6 };
    expect(largestDifference(rmsNorm(x, layer).dataSync(), forward(x, weight).dataSync())).toBeLessThan(1e-6);
    expectGradients(forward, [x, weight], (dy) => {
      const gradients = createGradients(new Set(['n.weight']));
      return [rmsNormBackward(x, dy as tf.Tensor2D, layer, gradients), gradients.sums.get('n.weight')!];
    });
  });
});

describe('activations', () => {
  it('swiglu has the gradients of its definition', () => {
    const [gate, up] = [normal<tf.Tensor2D>(5, 6), normal<tf.Tensor2D>(5, 6)];
    expectGradients(
      (g, u) => tf.mul(tf.div(g, tf.add(1, tf.exp(tf.neg(g)))), u),
      [gate, up],
      (dy) => Object.values(swigluAgain(gate, up).backward(dy as tf.Tensor2D)),
    );
    expect([...swigluAgain(gate, up).y.dataSync()]).toEqual([...swiglu(gate, up).dataSync()]);
    expect(swiglu(tf.tensor2d([[2]]), tf.tensor2d([[3]])).dataSync()[0]).toBeCloseTo(6 / (1 + Math.exp(-2)), 6);
  });

  it('gelu is exact and has its gradient', () => {
    const x = normal<tf.Tensor2D>(5, 6);
    expectGradients(
      (x) => gelu(x as tf.Tensor2D),
      [x],
      (dy) => [geluBackward(x, dy as tf.Tensor2D)],
    );
    // Φ(1) = 0.8413447461; the tanh approximation gives 0.84119.
    expect(gelu(tf.tensor2d([[1]])).dataSync()[0]).toBeCloseTo(0.8413447, 5);
  });
});

describe('rotary embedding', () => {
  it('turns pairs (j, j + half) by their angle', () => {
    const table = rotaryTable(Float32Array.of(Math.PI / 2, 0), 4);
    expect(largestDifference(rotate(tf.tensor3d([[[1, 2, 3, 4]]]), table).dataSync(), [-3, 2, 1, 4])).toBeLessThan(
      1e-6,
    );
  });

  it('has the opposite rotation as its gradient', () => {
    const table = rotaryTable(Float32Array.from({ length: 15 }, random), 6);
    const x = normal<tf.Tensor3D>(5, 2, 6);
    expectGradients(
      (x) => rotate(x as tf.Tensor3D, table),
      [x],
      (dy) => [rotateBackward(dy as tf.Tensor3D, table)],
    );
    expect(largestDifference(rotateBackward(rotate(x, table), table).dataSync(), x.dataSync())).toBeLessThan(1e-6);
  });
});

describe('attention', () => {
  it('has the gradients of its definition, under a mask', () => {
    const [q, k, v] = [normal<tf.Tensor3D>(3, 4, 5), normal<tf.Tensor3D>(3, 4, 5), normal<tf.Tensor3D>(3, 4, 2)];
    const mask = causalMask(4);
    const forward = (...[q, k, v]: tf.Tensor[]): tf.Tensor =>
      tf.matMul(tf.softmax(tf.add(tf.div(tf.matMul(q!, k!, false, true), Math.sqrt(5)), mask)), v!);
    const { out, probabilities } = attention(q, k, v, (scores) => tf.add(scores, mask));
    expect(largestDifference(out.dataSync(), forward(q, k, v).dataSync())).toBeLessThan(1e-6);
    const [own, ...masked] = probabilities.slice([0, 0, 0], [1, 1, 4]).dataSync();
    expect(own).toBeCloseTo(1, 6); // the last bit is the backend's
    expect(masked).toEqual([0, 0, 0]);
    expectGradients(forward, [q, k, v], (dy) =>
      Object.values(
        attentionBackward(q, k, v, probabilities, dy as tf.Tensor3D, expectedGradient(out, dy as tf.Tensor3D)),
      ),
    );
  });
});

describe('causal attention', () => {
  const [length, prefixLength, headDim] = [800, 3, 4]; // three blocks of query rows, the last one shorter
  const keys = (n: number, rows: number): tf.Tensor3D => normal<tf.Tensor3D>(n, rows, headDim);
  /** Two prefixes, the second with a token of padding at its end. */
  const padding = (): tf.Tensor3D => tf.tensor3d([0, 0, 0, 0, 0, MASKED], [2, 1, prefixLength]);

  /** One softmax over all keys, [n, heads, length, length + prefixLength], each prefix repeated for its two sequences. */
  const definition = (...[q, k, v, prefixK, prefixV]: tf.Tensor[]): tf.Tensor => {
    const n = k!.shape[0];
    const twice = (x: tf.Tensor): tf.Tensor =>
      tf.reshape(tf.stack([x, x], 1), [2 * x.shape[0], 1, ...x.shape.slice(1)]);
    const whole = (own: tf.Tensor, before?: tf.Tensor): tf.Tensor => {
      const all = tf.expandDims(own, 1);
      return tf.tile(before ? tf.concat([twice(before), all], 2) : all, [1, q!.shape[1]! / length, 1, 1]);
    };
    const causal = tf.tile(tf.reshape(causalMask(length), [1, 1, length, length]), [n, 1, 1, 1]);
    const mask = prefixK ? tf.concat([tf.tile(twice(padding()), [1, 1, length, 1]), causal], 3) : causal;
    const queries = tf.reshape(q!, [n, -1, length, headDim]);
    const scores = tf.div(tf.matMul(queries, whole(k!, prefixK), false, true), Math.sqrt(headDim));
    return tf.reshape(tf.matMul(tf.softmax(tf.add(scores, mask)), whole(v!, prefixV)), q!.shape);
  };

  it('has the value and the gradients of its definition, two heads sharing a key', () => {
    const [q, k, v] = [keys(2, 2 * length), keys(2, length), keys(2, length)];
    const { out, probabilities } = causalAttention({ q, k, v }, causalMask(length));
    expect(probabilities.map(({ shape }) => shape.join())).toEqual(['2,534,267', '2,534,534', '2,532,800']);
    expect(largestDifference(out.dataSync(), definition(q, k, v).dataSync())).toBeLessThan(1e-6);
    expectGradients(definition, [q, k, v], (dy) => {
      const { dQ, own } = causalAttentionBackward(
        { q, k, v, probabilities },
        dy as tf.Tensor3D,
        expectedGradient(out, dy as tf.Tensor3D),
      );
      return [dQ, own.dK, own.dV];
    });
  });

  it('has them with a prefix that two sequences share', () => {
    const [q, k, v] = [keys(4, length), keys(4, length), keys(4, length)];
    const before = { k: keys(2, prefixLength), v: keys(2, prefixLength) };
    const { out, probabilities } = causalAttention({ q, k, v }, causalMask(length), { ...before, mask: padding() });
    const inputs = [q, k, v, before.k, before.v];
    expect(largestDifference(out.dataSync(), definition(...inputs).dataSync())).toBeLessThan(1e-6);
    expectGradients(definition, inputs, (dy) => {
      const { dQ, own, prefix } = causalAttentionBackward(
        { q, k, v, probabilities },
        dy as tf.Tensor3D,
        expectedGradient(out, dy as tf.Tensor3D),
        before,
      );
      return [dQ, own.dK, own.dV, prefix!.dK, prefix!.dV];
    });
  });

  it('computes all scores of a short sequence, five eighths of those of a long one', () => {
    expect(causalScores(511)).toBe(511 ** 2);
    expect(causalScores(4096)).toBe((5 / 8) * 4096 ** 2);
  });
});
