import { beforeAll, describe, expect, it } from '@jest/globals';
import ndarray from 'ndarray';
import { chooseBackend, type BackendName } from '../../../src/backends/choose-backend.js';
import type { Prompt } from '../../../src/data/prompt.js';
import type { LossResult, Matrix } from '../../../src/policies/policy.js';
import { createTfjsPolicy } from '../../../src/policies/tfjs/index.js';
import { goldenJson, goldenPath, type GoldenVlm } from '../../helpers/golden.js';
import { largestDifference } from '../../helpers/golden-model.js';
import { goldenPrompt } from '../../helpers/prompts.js';
import { temporaryFolder } from '../../helpers/temporary.js';

let backend: BackendName;
beforeAll(async () => {
  backend = await chooseBackend();
});

const loss = (logps: Matrix): LossResult => {
  const gradient = ndarray(
    Float32Array.from({ length: logps.size }, (_, i) => Math.sin(i)),
    logps.shape,
  );
  return { loss: 0, gradient, metrics: {} };
};

type Precision = 'fp32' | 'bf16';

async function open(
  variant: string,
  precision: Precision,
  train: 'lora' | 'full' = 'lora',
  matmulPrecision: Precision = 'fp32',
) {
  const { cases } = goldenJson<GoldenVlm>('vlm', variant, 'expected.json');
  const golden = cases.find(({ name }) => name === 'exact')!;
  const prompt: Prompt = { ...(await goldenPrompt(golden, 0)), label: { task: 'score', score: 3 } };
  const options = {
    checkpoint: goldenPath('vlm', variant),
    train,
    lora: { rank: 4 },
    seed: 's',
    precision,
    matmulPrecision,
  };
  return { prompt, policy: await createTfjsPolicy(options) };
}

/** Log-probs of given tokens. */
async function logprobs(variant: string, precision: Precision, train?: 'full'): Promise<ArrayLike<number>> {
  const { prompt, policy } = await open(variant, precision, train);
  const { data } = await policy.logprobs([{ prompt, completion: [5, 9, 20, 7] }]);
  policy.dispose();
  return data;
}

/** A step of GRPO: what is sampled, log-probs before and after, and the gradient's norm. */
async function step(variant: string, precision: Precision, matmul?: Precision) {
  const { prompt, policy } = await open(variant, precision, 'lora', matmul);
  const [group] = await policy.sample([prompt], { groupSize: 3, maxTokens: 8, temperature: 1, seed: 'x' });
  const sequences = group!.map(({ tokens }) => ({ prompt, completion: tokens }));
  const before = await policy.logprobs(sequences);
  await policy.forwardBackward(sequences, loss);
  const { gradientNorm } = await policy.optimizerStep({ learningRate: 1e-3, maxGradientNorm: 1 });
  const after = await policy.logprobs(sequences);
  policy.dispose();
  const sampled = group!.flatMap(({ samplerLogps }) => [...samplerLogps]);
  return { texts: group!.map(({ text }) => text), sampled, before: before.data, gradientNorm, after: after.data };
}

describe('frozen weights in bfloat16', () => {
  it('change nothing for a checkpoint that is stored so: a step of an adapter', async () => {
    if (backend !== 'tensorflow') return;
    const [wide, narrow] = [await step('tied_bf16_old', 'fp32'), await step('tied_bf16_old', 'bf16')];
    expect(narrow.texts).toEqual(wide.texts);
    // the same float32 arithmetic; XLA may only order sums in another way around the widening
    expect(largestDifference(narrow.before, wide.before)).toBeLessThan(1e-5);
    expect(Math.abs(narrow.gradientNorm / wide.gradientNorm - 1)).toBeLessThan(1e-5);
    expect(largestDifference(narrow.after, wide.after)).toBeLessThan(1e-4);
  });

  it('change nothing for such a checkpoint when the decoder is trained beside a frozen tower', async () => {
    if (backend !== 'tensorflow') return;
    const [wide, narrow] = [
      await logprobs('tied_bf16_old', 'fp32', 'full'),
      await logprobs('tied_bf16_old', 'bf16', 'full'),
    ];
    expect(largestDifference(narrow, wide)).toBeLessThan(1e-5);
  });

  it('round a checkpoint that is stored in float32', async () => {
    if (backend !== 'tensorflow') return;
    const [wide, narrow] = [await logprobs('tied_fp32', 'fp32'), await logprobs('tied_fp32', 'bf16')];
    const difference = largestDifference(narrow, wide);
    expect(difference).toBeGreaterThan(1e-5); // rounding to 8 bits shows
    expect(difference).toBeLessThan(0.2);
  });

  it('are multiplied in bfloat16 where asked: rounding shows, and sampling and training agree', async () => {
    if (backend !== 'tensorflow') return;
    const [exact, rounded] = [await step('tied_bf16_old', 'bf16'), await step('tied_bf16_old', 'bf16', 'bf16')];
    // 8 bits in each of some ten products one after the other
    const apart = Math.abs(rounded.gradientNorm / exact.gradientNorm - 1);
    expect(apart).toBeGreaterThan(1e-6);
    expect(apart).toBeLessThan(0.1);
    const present = [...rounded.before].filter((value) => value !== 0); // rows are padded with zeros
    expect(present.length).toBe(rounded.sampled.length);
    expect(largestDifference(present, rounded.sampled)).toBeLessThan(0.05);
  });

  it('are kept and multiplied as before after loading: a frozen tower beside a trained decoder', async () => {
    if (backend !== 'tensorflow') return;
    const { prompt, policy } = await open('tied_bf16_old', 'bf16', 'full', 'bf16');
    const ask = async () => [...(await policy.logprobs([{ prompt, completion: [5, 9, 20, 7] }])).data];
    const before = await ask();
    const folder = temporaryFolder();
    await policy.save(folder);
    await policy.load(folder);
    expect(await ask()).toEqual(before);
    policy.dispose();
  });

  it('are only multiplied in bfloat16 when they are kept in it', async () => {
    await expect(open('tied_fp32', 'fp32', 'lora', 'bf16')).rejects.toThrow(
      "model.matmulPrecision: 'bf16' needs model.precision: 'bf16'",
    );
  });

  it('are refused where the backend has no such type', async () => {
    if (backend === 'tensorflow') return;
    await expect(logprobs('tied_bf16_old', 'bf16')).rejects.toThrow(
      "model.precision: 'bf16' needs the native backend (q-insight setup), this is 'wasm'",
    );
  });
});
