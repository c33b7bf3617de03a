import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { chooseBackend } from '../../src/backends/choose-backend.js';
import { runStack, type StackLayer } from '../../src/models/layer-stack.js';

beforeAll(() => chooseBackend());

/** y = x² · factor, counting its runs. */
function squares(factors: number[]): { layers: StackLayer[]; runs: () => number } {
  let runs = 0;
  const layers = factors.map((factor) => ({
    forward: (x: tf.Tensor2D) => {
      runs++;
      return tf.tidy(() => ({ y: tf.mul<tf.Tensor2D>(tf.square(x), factor), saved: { x, twice: tf.mul(x, 2) } }));
    },
    backward: ({ x }: { x: tf.Tensor2D }, dy: tf.Tensor2D) =>
      tf.tidy(() => tf.mul<tf.Tensor2D>(tf.mul(x, 2 * factor), dy)),
  }));
  return { layers, runs: () => runs };
}

describe('runStack', () => {
  it.each([
    ['inputs', 6],
    ['everything', 3],
  ] as const)('goes back by the chain rule and frees all, keeping %s', (keep, expectedRuns) => {
    const before = tf.memory().numTensors;
    const { layers, runs } = squares([1, 2, 3]);
    const pass = runStack(tf.tensor2d([[2]]), layers, keep);
    // 2 → 4 → 32 → 3072; slopes 4, 16, 192.
    expect(pass.y.dataSync()[0]).toBe(3072);
    const dx = pass.backward(tf.tensor2d([[1]]));
    expect(dx.dataSync()[0]).toBe(4 * 16 * 192);
    expect(runs()).toBe(expectedRuns);
    tf.dispose([pass.y, dx]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('holds only the output when nothing is kept, and then cannot go back', () => {
    const before = tf.memory().numTensors;
    const pass = runStack(tf.tensor2d([[2]]), squares([1, 2]).layers, 'nothing');
    expect(tf.memory().numTensors).toBe(before + 1);
    expect(() => pass.backward(tf.tensor2d([[1]]))).toThrow("needs a forward pass that kept 'inputs' or 'everything'");
  });

  it('frees what was kept when there is no way back', () => {
    const before = tf.memory().numTensors;
    const pass = runStack(tf.tensor2d([[2]]), squares([1, 2]).layers, 'everything');
    pass.dispose();
    pass.y.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
