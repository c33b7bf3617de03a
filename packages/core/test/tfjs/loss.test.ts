import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { grpoLoss, type PolicyLossOptions, presets } from '../../src/index.js';
import { grpoLossTensor } from '../../src/tfjs/index.js';
import { expectClose } from '../support/close.js';
import { batchOf, golden, matrix } from '../support/golden.js';

const input = golden('loss_qinsight').header.inputs[1]!;
const options = presets['q-insight'].loss;
// float32 holds the log-probs on the way in and the gradient on the way out: 2^-24 each, a few operations
const float32 = { relative: 1e-6 };

describe.each(['cpu', 'wasm'])('grpoLossTensor on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  test('value and gradient through a model are those of grpoLoss', () => {
    const { logps, ...rest } = { ...batchOf(input), refLogps: matrix(input.refLogps) };
    const expected = grpoLoss({ logps, ...rest }, options);
    let metrics: Record<string, number> = {};
    // logps = x / 2, so dLoss/dx is half of dLoss/dlogps; the loss is tripled on the way
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) =>
      tf.mul(
        grpoLossTensor(tf.mul(x, 0.5), rest, options, (m) => (metrics = m)),
        3,
      ),
    )(tf.tensor2d(input.logps.map((row) => row.map((v) => 2 * v))));
    expectClose(value.dataSync(), [3 * expected.loss], float32);
    expectClose(
      grad.dataSync(),
      expected.gradient.data.map((g) => 1.5 * g),
      float32,
    );
    expectClose(metrics['kl']!, expected.metrics['kl']!, { relative: 1e-4 }); // k3 of d ~ 0.1 loses digits of a float32 d
  });

  test.each<PolicyLossOptions>([
    { type: 'cispo' },
    { type: 'sapo' },
    { type: 'gmpo' },
    { type: 'vespo' },
    { type: 'dppo' },
    { type: 'reinforce' },
  ])('every loss goes through it: %j', (policy) => {
    const { logps, ...rest } = batchOf(input);
    const expected = grpoLoss({ logps, ...rest }, { policy });
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => grpoLossTensor(x as tf.Tensor2D, rest, { policy }))(
      tf.tensor2d(input.logps),
    );
    expectClose(value.dataSync(), [expected.loss], { relative: 1e-5 });
    expectClose(grad.dataSync(), expected.gradient.data, { relative: 1e-5 });
  });

  test('leaks no tensor', () => {
    const { logps, ...rest } = { ...batchOf(input), refLogps: matrix(input.refLogps) };
    const x = tf.tensor2d(Float32Array.from(logps.data), logps.shape as [number, number]);
    const before = tf.memory().numTensors;
    tf.dispose(tf.grad((t: tf.Tensor) => grpoLossTensor(t as tf.Tensor2D, rest, options))(x));
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
  });
});

test('without registered gradients the error says which import is missing', () => {
  const logps = tf.tensor2d([[0]]);
  const gradients = jest.spyOn(Map.prototype, 'get').mockImplementation(() => undefined);
  try {
    expect(() => grpoLossTensor(logps, { mask: matrix([[1]]), advantages: [1] })).toThrow(
      "Add `import '@tensorflow/tfjs'` once",
    );
  } finally {
    gradients.mockRestore();
  }
});
