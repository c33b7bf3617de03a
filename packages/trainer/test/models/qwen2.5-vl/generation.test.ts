import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from '@jest/globals';
import seedrandom from 'seedrandom';
import { createGradients } from '../../../src/models/gradients.js';
import { packSequences, type EncodedPrompt } from '../../../src/models/qwen2.5-vl/batch.js';
import { generate, type DrawnSoFar, type GenerationOptions } from '../../../src/models/qwen2.5-vl/generation.js';
import { buildModel, type Qwen25Vl } from '../../../src/models/qwen2.5-vl/model.js';
import { runSequences } from '../../../src/models/qwen2.5-vl/sequences.js';
import { goldenJson, VLM_VARIANTS, type GoldenVlm, type GoldenVlmCase } from '../../helpers/golden.js';
import {
  goldenParameters,
  goldenEmbeddings,
  goldenPrompts,
  goldenRows,
  largestDifference,
} from '../../helpers/golden-model.js';

const none = createGradients(new Set());
const casesOf = (variant: string): GoldenVlmCase[] => goldenJson<GoldenVlm>('vlm', variant, 'expected.json').cases;

interface Setup {
  readonly model: Qwen25Vl;
  readonly prompts: EncodedPrompt[];
  readonly images: tf.Tensor2D;
  readonly stopTokens: ReadonlySet<number>;
}

async function setup(variant: string, entry: GoldenVlmCase): Promise<Setup> {
  const { config, parameters } = await goldenParameters(variant);
  const model = buildModel(config, parameters);
  const rows = goldenRows(entry);
  const { embeddings: images, grids } = await goldenEmbeddings(
    rows.flatMap((row) => row.images),
    model,
  );
  const prompts = goldenPrompts(rows, grids, config);
  const { eos_token_id } = goldenJson<{ eos_token_id: number[] }>('vlm', variant, 'generation_config.json');
  return { model, prompts, images, stopTokens: new Set(eos_token_id) };
}

const sampled = (stopTokens: ReadonlySet<number>, options: Partial<GenerationOptions> = {}): GenerationOptions => ({
  groupSize: 3,
  maxTokens: 40, // past one growth of the cache
  temperature: 1,
  topK: 0,
  topP: 1,
  suppressed: [],
  stopTokens,
  random: (prompt, completion) => seedrandom(`seed/${prompt}/${completion}`),
  ...options,
});

describe.each(VLM_VARIANTS)('greedy generation of %s', (variant) => {
  it.each(casesOf(variant).map((entry) => [entry.name, entry] as const))(
    'equals transformers on %s',
    async (_, entry) => {
      const { model, prompts, images, stopTokens } = await setup(variant, entry);
      const options = sampled(stopTokens, { groupSize: 2, maxTokens: 24, temperature: 0 });
      const groups = await generate(prompts, images, model, options);
      groups.forEach((group, row) => {
        const padded = entry.greedyIds[row]!;
        const end = padded.findIndex((token) => stopTokens.has(token));
        const expected = end < 0 ? padded : padded.slice(0, end + 1);
        for (const { tokens, finishReason } of group) {
          expect(tokens).toEqual(expected);
          expect(finishReason).toBe(end < 0 ? 'length' : 'stop');
        }
      });
    },
  );
});

describe('sampled generation', () => {
  const entry = casesOf('tied_fp32').find(({ name }) => name === 'batch')!;

  it('reports the log-probs that a full forward pass gives', async () => {
    const { model, prompts, images, stopTokens } = await setup('tied_fp32', entry);
    const groups = await generate(prompts, images, model, sampled(stopTokens, { temperature: 0.7 }));
    const sequences = groups.flatMap((group, p) =>
      group.map(({ tokens }) => ({ prompt: prompts[p]!, completion: tokens })),
    );
    const batch = packSequences(sequences, model.config);
    const { logprobs } = runSequences(batch, images, model, none, { temperature: 0.7 });
    // Ten times the noise of two torch implementations, over the temperature.
    const tolerance = (10 * entry.logprobsNoise) / 0.7;
    const sampledLogprobs = groups.flat().flatMap((completion) => completion.logprobs);
    expect(largestDifference(logprobs.dataSync(), sampledLogprobs)).toBeLessThan(tolerance);
    expect(new Set(groups.flat().map(({ tokens }) => tokens.join())).size).toBe(9);
  });

  it('gives a completion the same tokens however prompts are batched', async () => {
    const { model, prompts, images, stopTokens } = await setup('tied_fp32', entry);
    const together = await generate(prompts, images, model, sampled(stopTokens));
    // The second prompt has no image.
    const alone = await generate([prompts[1]!], tf.zeros([0, 64]), model, {
      ...sampled(stopTokens, { groupSize: 2 }),
      random: (_, completion) => seedrandom(`seed/1/${completion}`),
    });
    expect(alone[0]!.map(({ tokens }) => tokens)).toEqual(together[1]!.slice(0, 2).map(({ tokens }) => tokens));
  });

  it('shows what is there every so many tokens, and ends when the watcher throws', async () => {
    const { model, prompts, images, stopTokens } = await setup('tied_fp32', entry);
    const plain = await generate(prompts, images, model, sampled(stopTokens));
    const seen: (readonly (readonly DrawnSoFar[])[])[] = [];
    const onTokens = (soFar: (typeof seen)[number]) => Promise.resolve(void seen.push(soFar));
    expect(await generate(prompts, images, model, sampled(stopTokens, { watch: { every: 7, onTokens } }))).toEqual(
      plain,
    );
    seen.forEach((groups, look) =>
      groups.forEach((group, p) =>
        group.forEach(({ tokens, logprobs }, g) => {
          const whole = plain[p]![g]!;
          const there = 1 + 7 * look;
          expect([tokens, logprobs]).toEqual([whole.tokens.slice(0, there), whole.logprobs.slice(0, there)]);
        }),
      ),
    );
    expect(seen).toHaveLength(Math.ceil(39 / 7));
    const before = tf.memory().numTensors;
    const enough = { every: 7, onTokens: () => Promise.reject(new Error('enough')) };
    await expect(generate(prompts, images, model, sampled(stopTokens, { watch: enough }))).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('frees all it used', async () => {
    const { model, prompts, images, stopTokens } = await setup('tied_fp32', entry);
    const before = tf.memory().numTensors;
    await generate(prompts, images, model, sampled(stopTokens));
    expect(tf.memory().numTensors).toBe(before);
  });
});
