import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { chooseBackend } from '../../src/backends/choose-backend.js';
import { adamWStep, clipScale, createAdamWState, gradientNorm } from '../../src/models/adamw.js';

beforeAll(() => chooseBackend());

const values = (parameters: ReadonlyMap<string, tf.Tensor>, name: string): number[] => [
  ...parameters.get(name)!.dataSync(),
];

describe('adamWStep', () => {
  it("follows the paper's algorithm", () => {
    const options = { betas: [0.8, 0.95], epsilon: 1e-3, weightDecay: 0.1 } as const;
    const gradients = [0.5, -1, 0.25];
    // In float64, as algorithm 2 of arXiv 1711.05101 has it.
    let [theta, m, v] = [2, 0, 0];
    const parameters = new Map<string, tf.Tensor>([['w', tf.tensor2d([[theta]])]]);
    const state = createAdamWState();
    gradients.forEach((gradient, i) => {
      const rate = 0.1 / (i + 1);
      const g = 0.5 * gradient; // clipped by half
      m = 0.8 * m + 0.2 * g;
      v = 0.95 * v + 0.05 * g * g;
      const step = m / (1 - 0.8 ** (i + 1)) / (Math.sqrt(v / (1 - 0.95 ** (i + 1))) + 1e-3);
      theta = theta - rate * step - rate * 0.1 * theta;
      adamWStep(parameters, new Map([['w', tf.tensor2d([[gradient]])]]), state, rate, 0.5, options);
      expect(values(parameters, 'w')[0]).toBeCloseTo(theta, 6);
    });
    expect(state.steps).toBe(3);
  });

  it('spares norms and biases from decay when asked', () => {
    const run = (decayed: 'all' | 'matrices'): number[] => {
      const parameters = new Map<string, tf.Tensor>([
        ['bias', tf.tensor1d([1])],
        ['weight', tf.tensor2d([[1]])],
      ]);
      const zero = new Map([...parameters].map(([name, tensor]) => [name, tf.zerosLike(tensor)]));
      adamWStep(parameters, zero, createAdamWState(), 0.5, 1, { weightDecay: 0.5, decayed });
      return [...values(parameters, 'bias'), ...values(parameters, 'weight')];
    };
    expect(run('all')).toEqual([0.75, 0.75]);
    expect(run('matrices')).toEqual([1, 0.75]);
  });

  it('leaves a parameter without a gradient alone, and refuses a gradient without a parameter', () => {
    const parameters = new Map<string, tf.Tensor>([['a', tf.tensor1d([1])]]);
    adamWStep(parameters, new Map(), createAdamWState(), 1, 1, { weightDecay: 0.5 });
    expect(values(parameters, 'a')).toEqual([1]);
    const stray = new Map([['b', tf.tensor1d([1])]]);
    expect(() => adamWStep(parameters, stray, createAdamWState(), 1, 1)).toThrow('"b", which is no parameter');
  });
});

describe('gradient clipping', () => {
  it('scales to the norm as torch does', async () => {
    const gradients = new Map<string, tf.Tensor>([
      ['a', tf.tensor1d([1, 2])],
      ['b', tf.tensor2d([[4, 10]])],
    ]);
    expect(await gradientNorm(gradients)).toBeCloseTo(11, 6); // √(1 + 4 + 16 + 100)
    expect(await gradientNorm(new Map())).toBe(0);
    expect(clipScale(11, 5.5)).toBeCloseTo(0.5, 6);
    expect(clipScale(11, 5.5)).toBeLessThan(0.5); // torch adds 1e-6 to the norm
    expect(clipScale(3, 5.5)).toBe(1);
    expect(clipScale(3, Infinity)).toBe(1);
  });
});
