import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import ndarray from 'ndarray';
import type { Prompt } from '../../src/data/prompt.js';
import type { LossResult, Matrix, Policy, Sequence } from '../../src/policies/policy.js';
import { goldenJson, type GoldenVlm } from '../helpers/golden.js';
import { largestDifference } from '../helpers/golden-model.js';
import { goldenPrompt } from '../helpers/prompts.js';

const { cases } = goldenJson<GoldenVlm>('vlm', 'tied_fp32', 'expected.json');
const sampling = { groupSize: 3, maxTokens: 9, temperature: 1, seed: 'sampling' };
const step = { learningRate: 1e-2, maxGradientNorm: 1 };

/** Two prompts with images. */
export const prompts = (): Promise<Prompt[]> =>
  Promise.all(
    ['exact', 'two'].map(async (name) => {
      const golden = cases.find((entry) => entry.name === name)!;
      return { ...(await goldenPrompt(golden, 0)), label: { task: 'score', score: 3 } };
    }),
  );

/** What a policy draws for the prompts. */
export const sequencesOf = async (policy: Policy, asked: Prompt[]): Promise<Sequence[]> => {
  const groups = await policy.sample(asked, sampling);
  return groups.flatMap((group, p) => group.map(({ tokens }) => ({ prompt: asked[p]!, completion: tokens })));
};

/** Σ logps · weight with weights of both signs, as advantages have. */
export const loss = (logps: Matrix): LossResult => {
  const gradient = ndarray(
    new Float32Array(logps.size).map((_, i) => Math.sin(i) / logps.size),
    logps.shape,
  );
  let value = 0;
  for (let i = 0; i < logps.size; i++) value += logps.data[i]! * gradient.data[i]!;
  return { loss: value, gradient, metrics: {} };
};

/**
 * What holds of every policy.
 *
 * @param create - makes one; of another seed, it starts from another adapter
 * @param folder - where it may save
 */
export function keepsTheInterface(create: (seed: string) => Promise<Policy>, folder: () => string): void {
  it('lowers its loss by steps against the gradient', async () => {
    const policy = await create('policy');
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

  it('goes on after save and load as if nothing had happened, to the bit', async () => {
    const policy = await create('policy');
    const sequences = await sequencesOf(policy, await prompts());
    const train = async (trained: Policy): Promise<void> => {
      await trained.forwardBackward(sequences, loss);
      await trained.optimizerStep(step);
    };
    await train(policy);
    const saved = join(folder(), 'saved');
    await policy.save(saved);
    const other = await create('another');
    await other.load(saved);
    await train(policy);
    await train(other);
    const [ours, theirs] = [await policy.logprobs(sequences), await other.logprobs(sequences)];
    expect([...theirs.data]).toEqual([...ours.data]);
    policy.dispose();
    other.dispose();
  });

  it('keeps the log-probs of the start as its reference', async () => {
    const policy = await create('policy');
    const sequences = await sequencesOf(policy, await prompts());
    const start = await policy.logprobs(sequences);
    await policy.forwardBackward(sequences, loss);
    await policy.optimizerStep(step);
    const [now, reference] = [
      await policy.logprobs(sequences),
      await policy.logprobs(sequences, { weights: 'reference' }),
    ];
    expect(largestDifference(reference.data, start.data)).toBeLessThan(1e-5); // float32 in other batches
    expect(largestDifference(now.data, start.data)).toBeGreaterThan(1e-3);
    policy.dispose();
  });

  it('adds up the gradients of micro-batches', async () => {
    const asked = await prompts();
    const [whole, parts] = [await create('policy'), await create('policy')];
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

  it('samples the same from the same seed, with log-probs of the model', async () => {
    const policy = await create('policy');
    const asked = await prompts();
    const first = await policy.sample(asked, sampling);
    expect(await policy.sample(asked, sampling)).toEqual(first);
    expect(await policy.sample(asked, { ...sampling, seed: 'other' })).not.toEqual(first);
    const sequences = first.flatMap((group, p) => group.map(({ tokens }) => ({ prompt: asked[p]!, completion: tokens }))); // prettier-ignore
    const logps = await policy.logprobs(sequences);
    first.flat().forEach(({ samplerLogps, text, tokens }, row) => {
      expect(samplerLogps).toHaveLength(tokens.length);
      expect(typeof text).toBe('string');
      // The sampler never draws image tokens, so its probabilities are larger by what these would have had.
      samplerLogps.forEach((value, t) => expect(value - logps.get(row, t)).toBeGreaterThan(-1e-4));
    });
    policy.dispose();
  });

  it('refuses a gradient of another shape', async () => {
    const policy = await create('policy');
    const sequences = [{ prompt: (await prompts())[0]!, completion: [5, 6] }];
    const wrong = (): LossResult => ({ loss: 0, gradient: ndarray(new Float32Array(3), [1, 3]), metrics: {} });
    await expect(policy.forwardBackward(sequences, wrong)).rejects.toThrow('shape [1, 2], got [1, 3]');
    policy.dispose();
  });
}
