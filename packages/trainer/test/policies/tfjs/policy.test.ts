import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from '@jest/globals';
import ndarray from 'ndarray';
import { readConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { initParameters } from '../../../src/models/qwen2.5-vl/parameters.js';
import { createTfjsPolicy, type TfjsPolicyOptions } from '../../../src/policies/tfjs/index.js';
import type { LossResult, Matrix, Policy } from '../../../src/policies/policy.js';
import { goldenPath } from '../../helpers/golden.js';
import { temporaryFolder } from '../../helpers/temporary.js';
import { keepsTheInterface, loss, prompts, sequencesOf } from '../interface.js';

const checkpoint = goldenPath('vlm', 'tied_fp32');
const folder = temporaryFolder();
const sampling = { groupSize: 3, maxTokens: 9, temperature: 1, seed: 'sampling' };
const step = { learningRate: 1e-2, maxGradientNorm: 1 };

const create = (options: Partial<TfjsPolicyOptions> = {}): Promise<Policy> =>
  createTfjsPolicy({ checkpoint, train: 'full', seed: 'policy', ...options });

const kinds: [string, Partial<TfjsPolicyOptions>][] = [
  ['an adapter', { train: 'lora', lora: { rank: 4 } }],
  ['the decoder', { freezeVision: true, reference: true }],
  ['all weights', { freezeVision: false, reference: true }],
];

describe.each(kinds)('a policy that trains %s', (_, options) => {
  keepsTheInterface((seed) => create({ ...options, reference: true, seed }), temporaryFolder);

  it('holds the same number of tensors after every step, and none in the end', async () => {
    const before = tf.memory().numTensors;
    const policy = await create(options);
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      const sequences = await sequencesOf(policy, await prompts());
      await policy.logprobs(sequences, { weights: 'reference' });
      await policy.entropies!(sequences);
      await policy.forwardBackward(sequences, loss);
      await policy.optimizerStep(step);
      await policy.syncReference!(0.5);
      counts.push(tf.memory().numTensors);
    }
    expect(new Set(counts).size).toBe(1);
    policy.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe.each(['full', 'lora'] as const)('weights that have diverged (%s)', (train) => {
  it('are not saved', async () => {
    const policy = await create({ train, lora: { rank: 4 } }); // the shape of the adapter above, which is compiled already
    await policy.forwardBackward(await sequencesOf(policy, await prompts()), loss);
    await policy.optimizerStep({ ...step, learningRate: 1e39 }); // infinite as a float32
    const saved = join(folder, `diverged-${train}`);
    await expect(policy.save(saved)).rejects.toThrow(
      /^save: tensor "model\..*" holds (NaN|-?Infinity), so nothing is saved.*optimizer\.learningRate is too high/,
    );
    expect(existsSync(saved)).toBe(false);
    policy.dispose();
  });
});

describe('createTfjsPolicy', () => {
  it('gives the log-probs and entropies that a loss gets, at the temperature that is asked for', async () => {
    const policy = await create();
    const sequences = await sequencesOf(policy, await prompts());
    const given: Matrix[] = [];
    for (const temperature of [1, 0.5]) {
      const logps = await policy.logprobs(sequences, { temperature });
      const read = (seen: Matrix, entropies?: Matrix) => {
        expect([...seen.data]).toEqual([...logps.data]);
        given.push(entropies!);
        return loss(seen);
      };
      await policy.forwardBackward(sequences, read, { temperature, entropies: true });
      const entropies = await policy.entropies!(sequences, { temperature });
      expect(entropies.shape).toEqual([sequences.length, Math.max(...sequences.map((one) => one.completion.length))]);
      expect([...entropies.data]).toEqual([...given.at(-1)!.data]);
    }
    expect(given[1]!.get(0, 0)).toBeLessThan(given[0]!.get(0, 0)); // colder is surer
    policy.dispose();
  });

  it('samples the same from the same seed, and its log-probs are those of the model', async () => {
    const policy = await create();
    const asked = await prompts();
    const first = await policy.sample(asked, { ...sampling, temperature: 0.8 });
    expect(await policy.sample(asked, { ...sampling, temperature: 0.8 })).toEqual(first);
    expect(await policy.sample(asked, { ...sampling, temperature: 0.8, seed: 'other' })).not.toEqual(first);
    const sequences = first.flatMap((group, p) =>
      group.map(({ tokens }) => ({ prompt: asked[p]!, completion: tokens })),
    );
    const logps = await policy.logprobs(sequences, { temperature: 0.8 });
    first.flat().forEach(({ samplerLogps }, row) => {
      // The sampler never draws image tokens, so its probabilities are larger by what these would have had.
      samplerLogps.forEach((value, t) => expect(value - logps.get(row, t)).toBeGreaterThan(-1e-4));
    });
    policy.dispose();
  });

  it('writes a Hugging Face folder, or a PEFT folder for an adapter', async () => {
    const [full, lora] = [await create(), await create({ train: 'lora' })];
    await full.save(join(folder, 'full'));
    await lora.save(join(folder, 'adapter'));
    expect(await readdir(join(folder, 'full'))).toEqual(
      expect.arrayContaining(['config.json', 'model.safetensors', 'optimizer.safetensors', 'tokenizer.json']),
    );
    expect((await readdir(join(folder, 'adapter'))).sort()).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
      'optimizer.safetensors',
    ]);
    await lora.save(join(folder, 'final'), 'weights');
    expect((await readdir(join(folder, 'final'))).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    for (const policy of [full, lora]) policy.dispose();
  });

  it('starts from weights in memory', async () => {
    const parameters = initParameters(await readConfig(checkpoint), 'seed');
    const policy = await create({ parameters });
    const asked = await prompts();
    const [logp] = (await policy.logprobs([{ prompt: asked[0]!, completion: [5] }])).data;
    expect(logp).toBeCloseTo(-Math.log(321), 0); // small weights: nearly uniform over the vocabulary
    policy.dispose();
  });

  it('says what is wrong', async () => {
    const policy = await create();
    const asked = await prompts();
    const sequences = [{ prompt: asked[0]!, completion: [5, 6] }];
    await expect(policy.logprobs(sequences, { weights: 'reference' })).rejects.toThrow("without 'reference: true'");
    const nan = (logps: Matrix): LossResult => ({
      loss: 0,
      gradient: ndarray(new Float32Array(2).fill(NaN), logps.shape),
      metrics: {},
    });
    await policy.forwardBackward(sequences, nan);
    await expect(policy.optimizerStep(step)).rejects.toThrow('gradient norm is NaN');
    policy.dispose();
  });
});
