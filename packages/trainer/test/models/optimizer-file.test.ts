import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { chooseBackend } from '../../src/backends/choose-backend.js';
import { adamWStep, createAdamWState } from '../../src/models/adamw.js';
import { readOptimizer, writeOptimizer } from '../../src/models/optimizer-file.js';
import { temporaryFolder } from '../helpers/temporary.js';

const folder = temporaryFolder();
beforeAll(() => chooseBackend());

describe('optimizer file', () => {
  it('comes back as it was written', async () => {
    const parameters = new Map<string, tf.Tensor>([
      ['a.weight', tf.tensor2d([[1, 2, 3]])],
      ['a.bias', tf.tensor1d([4])],
    ]);
    const gradients = new Map<string, tf.Tensor>([['a.weight', tf.tensor2d([[0.1, -0.2, 0.3]])]]);
    const state = createAdamWState();
    for (let i = 0; i < 3; i++) adamWStep(parameters, gradients, state, 0.1, 1);
    await writeOptimizer(folder, state);
    const again = await readOptimizer(folder, parameters);
    expect(again.steps).toBe(3);
    for (const moments of ['firstMoments', 'secondMoments'] as const) {
      expect([...again[moments].keys()]).toEqual(['a.weight']); // the bias had no gradient
      expect([...again[moments].get('a.weight')!.dataSync()]).toEqual([...state[moments].get('a.weight')!.dataSync()]);
    }
  });

  it('names a tensor that does not fit', async () => {
    const wide = new Map<string, tf.Tensor>([['a.weight', tf.zeros([1, 4])]]);
    await expect(readOptimizer(folder, wide)).rejects.toThrow(
      /optimizer\.safetensors: tensor "exp_avg\.a\.weight": expected shape \[1, 4\], got \[1, 3\]/,
    );
    await expect(readOptimizer(folder, new Map())).rejects.toThrow(
      '"exp_avg.a.weight" belongs to no trained parameter',
    );
  });
});
