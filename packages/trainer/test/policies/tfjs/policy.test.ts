import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from '@jest/globals';
import ndarray from 'ndarray';
import type { Prompt } from '../../../src/data/prompt.js';
import { readConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { initParameters } from '../../../src/models/qwen2.5-vl/parameters.js';
import { createTfjsPolicy, type TfjsPolicyOptions } from '../../../src/policies/tfjs/index.js';
import type { LossResult, Matrix, Policy, Sequence } from '../../../src/policies/policy.js';
import { goldenJson, goldenPath, type GoldenVlm } from '../../helpers/golden.js';
import { largestDifference } from '../../helpers/golden-model.js';
import { goldenPrompt } from '../../helpers/prompts.js';
import { temporaryFolder } from '../../helpers/temporary.js';

const checkpoint = goldenPath('vlm', 'tied_fp32');
const { cases } = goldenJson<GoldenVlm>('vlm', 'tied_fp32', 'expected.json');
const folder = temporaryFolder();
const sampling = { groupSize: 3, maxTokens: 9, temperature: 1, seed: 'sampling' };
const step = { learningRate: 1e-2, maxGradientNorm: 1 };

const prompts = (): Promise<Prompt[]> =>
  Promise.all(
    ['exact', 'two'].map(async (name) => {
      const golden = cases.find((entry) => entry.name === name)!;
      return { ...(await goldenPrompt(golden, 0)), label: { task: 'score', score: 3 } };
    }),
  );

const create = (options: Partial<TfjsPolicyOptions> = {}): Promise<Policy> =>
  createTfjsPolicy({ checkpoint, train: 'full', seed: 'policy', ...options });

const sequencesOf = async (policy: Policy, asked: Prompt[]): Promise<Sequence[]> => {
  const groups = await policy.sample(asked, sampling);
  return groups.flatMap((group, p) => group.map(({ tokens }) => ({ prompt: asked[p]!, completion: tokens })));
};

/** Σ logps · weight with weights of both signs, as advantages have. */
const loss = (logps: Matrix): LossResult => {
  const gradient = ndarray(
    new Float32Array(logps.size).map((_, i) => Math.sin(i) / logps.size),
    logps.shape,
  );
  let value = 0;
  for (let i = 0; i < logps.size; i++) value += logps.data[i]! * gradient.data[i]!;
  return { loss: value, gradient, metrics: {} };
};

const kinds: [string, Partial<TfjsPolicyOptions>][] = [
  ['an adapter', { train: 'lora', lora: { rank: 4 } }],
  ['the decoder', { freezeVision: true, reference: true }],
  ['all weights', { freezeVision: false, reference: true }],
];

describe.each(kinds)('a policy that trains %s', (_, options) => {
  it('lowers its loss by steps against the gradient', async () => {
    const policy = await create(options);
    const sequences = await sequencesOf(policy, await prompts());
    const losses: number[] = [];
    for (let i = 0; i < 4; i++) {
      losses.push((await policy.forwardBackward(sequences, loss)).loss);
      await policy.optimizerStep({ learningRate: 1e-3, maxGradientNorm: 1 });
    }
    expect(losses[3]).toBeLessThan(losses[0]!);
    expect([...losses].sort((a, b) => b - a)).toEqual(losses);
    policy.dispose();
  });

  it('holds the same number of tensors after every step, and none in the end', async () => {
    const before = tf.memory().numTensors;
    const policy = await create(options);
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      const sequences = await sequencesOf(policy, await prompts());
      await policy.logprobs(sequences, { weights: 'reference' });
      await policy.forwardBackward(sequences, loss);
      await policy.optimizerStep(step);
      counts.push(tf.memory().numTensors);
    }
    expect(new Set(counts).size).toBe(1);
    policy.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on after save and load as if nothing had happened, to the bit', async () => {
    const policy = await create(options);
    const sequences = await sequencesOf(policy, await prompts());
    const train = async (trained: Policy): Promise<void> => {
      await trained.forwardBackward(sequences, loss);
      await trained.optimizerStep(step);
    };
    await train(policy);
    const saved = join(folder, `${String(options.train)}-${String(options.freezeVision)}`);
    await policy.save(saved);
    const other = await create({ ...options, seed: 'another' });
    await other.load(saved);
    await train(policy);
    await train(other);
    const [ours, theirs] = [await policy.logprobs(sequences), await other.logprobs(sequences)];
    expect([...theirs.data]).toEqual([...ours.data]);
    policy.dispose();
    other.dispose();
  });

  it('keeps the log-probs of the start as its reference', async () => {
    const policy = await create(options);
    const sequences = await sequencesOf(policy, await prompts());
    const start = await policy.logprobs(sequences);
    await policy.forwardBackward(sequences, loss);
    await policy.optimizerStep(step);
    const [now, reference] = [
      await policy.logprobs(sequences),
      await policy.logprobs(sequences, { weights: 'reference' }),
    ];
    expect(largestDifference(reference.data, start.data)).toBeLessThan(1e-6); // an adapter of zeros adds exact zeros
    expect(largestDifference(now.data, start.data)).toBeGreaterThan(1e-3);
    policy.dispose();
  });
});

describe.each(['full', 'lora'] as const)('weights that have diverged (%s)', (train) => {
  it('are not saved', async () => {
    const policy = await create({ train });
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
  it('adds up the gradients of micro-batches', async () => {
    const asked = await prompts();
    const [whole, parts] = [await create(), await create()];
    const sequences = await sequencesOf(whole, asked);
    const sum = (logps: Matrix): LossResult => ({
      loss: 0,
      gradient: ndarray(new Float32Array(logps.size).fill(0.1), logps.shape),
      metrics: {},
    });
    await whole.forwardBackward(sequences, sum);
    for (const sequence of sequences) await parts.forwardBackward([sequence], sum);
    const norms = [await whole.optimizerStep(step), await parts.optimizerStep(step)].map(
      ({ gradientNorm }) => gradientNorm,
    );
    expect(Math.abs(norms[0]! / norms[1]! - 1)).toBeLessThan(1e-5); // sums of float32 in another order
    for (const policy of [whole, parts]) policy.dispose();
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
    const wrong = (): LossResult => ({ loss: 0, gradient: ndarray(new Float32Array(3), [1, 3]), metrics: {} });
    await expect(policy.forwardBackward(sequences, wrong)).rejects.toThrow('shape [1, 2], got [1, 3]');
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
