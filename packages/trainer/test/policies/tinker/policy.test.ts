import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import ndarray from 'ndarray';
import { createTfjsPolicy } from '../../../src/policies/tfjs/index.js';
import type { LossResult, Matrix, Policy, Sequence } from '../../../src/policies/policy.js';
import { createTinkerPolicy, type TinkerPolicyOptions } from '../../../src/policies/tinker/index.js';
import { seedNumber } from '../../../src/random.js';
import { serveModel, type ModelServer } from '../../../src/serve-model/index.js';
import { goldenPath } from '../../helpers/golden.js';
import { largestDifference } from '../../helpers/golden-model.js';
import { temporaryFolder } from '../../helpers/temporary.js';
import { keepsTheInterface, loss, prompts, sequencesOf } from '../interface.js';

const checkpoint = goldenPath('vlm', 'tied_fp32');
const KEY = 'secret';
let server: ModelServer;

beforeAll(async () => {
  server = await serveModel(checkpoint, { port: 0, name: 'tiny', key: KEY, checkpoints: temporaryFolder() });
});
afterAll(() => server.close());

const create = (options: Partial<TinkerPolicyOptions> = {}) =>
  createTinkerPolicy({ checkpoint, url: server.url, apiKey: KEY, rank: 4, seed: 'policy', ...options });

describe('a policy behind our server', () => {
  keepsTheInterface((seed) => create({ seed, reduction: 'sum' }), temporaryFolder);
});

describe('three steps on a server', () => {
  it('are those of the local policy: on wasm bit for bit', async () => {
    const remote = await create({ optimizer: { weightDecay: 0.01, beta2: 0.98 } });
    const local = await createTfjsPolicy({
      checkpoint,
      train: 'lora',
      lora: { rank: 4, alpha: 32 }, // which the server's adapters have
      seed: String(seedNumber('policy', 31)),
      optimizer: { weightDecay: 0.01, beta2: 0.98 },
    });
    const sequences = await sequencesOf(local, await prompts());
    const seen: Record<string, number[]> = { remote: [], local: [] };
    for (const [name, policy] of Object.entries({ remote, local })) {
      for (let i = 0; i < 3; i++) {
        for (const part of [sequences.slice(0, 3), sequences.slice(3)]) {
          const { loss: value } = await policy.forwardBackward(part, loss);
          seen[name]!.push(value);
        }
        seen[name]!.push((await policy.optimizerStep({ learningRate: 1e-2, maxGradientNorm: 0.5 })).gradientNorm);
      }
      seen[name]!.push(...(await policy.logprobs(sequences)).data);
    }
    const { remote: theirs, local: ours } = seen;
    if (tf.getBackend() === 'wasm') expect(theirs).toEqual(ours);
    // A server tells the log-probs of prompts, too: products of more rows, which XLA rounds in another way. Losses and log-probs
    // to -30 in float32, after three steps.
    expect(largestDifference(theirs!, ours!)).toBeLessThan(1e-4);
    for (const policy of [remote, local]) policy.dispose();
  });
});

/** The loss's gradient norm on a server that takes means, as SkyRL's jax backend does, is the same as on one that adds. */
describe('the reduction', () => {
  it('is found to be a sum here', async () => {
    const policy = await create({ reduction: 'detect' });
    const sequences = await sequencesOf(policy, await prompts());
    const own = await gradientNorm(policy, sequences);
    policy.dispose();
    const told = await create({ reduction: 'sum' });
    expect(await gradientNorm(told, sequences)).toBe(own);
    told.dispose();
    const wrong = await create({ reduction: 'mean' });
    expect(await gradientNorm(wrong, sequences)).toBeGreaterThan(10 * own);
    wrong.dispose();
  });
});

async function gradientNorm(policy: Policy, sequences: readonly Sequence[]): Promise<number> {
  await policy.forwardBackward(sequences, loss);
  return (await policy.optimizerStep({ learningRate: 0, maxGradientNorm: Infinity })).gradientNorm;
}

describe("a loss of the server's own", () => {
  it('has the gradient of the same loss computed here', async () => {
    const policy = await create({ reduction: 'sum' });
    const sequences = await sequencesOf(policy, await prompts());
    const now = await policy.logprobs(sequences);
    const shape = now.shape;
    // ratios on both sides of both bounds
    const oldLogps = ndarray(
      Float64Array.from(now.data, (value, i) => value + 0.4 * Math.sin(i)),
      shape,
    );
    const advantages = ndarray(
      Float64Array.from(now.data, (_, i) => Math.cos(3 * i)),
      shape,
    );
    const clipped = (logps: Matrix): LossResult => {
      const gradient = ndarray(new Float64Array(logps.size), shape);
      for (let i = 0; i < logps.size; i++) {
        const ratio = Math.exp(logps.data[i]! - Math.fround(oldLogps.data[i]!));
        const a = Math.fround(advantages.data[i]!);
        const isClipped = a > 0 ? ratio > 1.2 : ratio < 0.8;
        gradient.data[i] = isClipped ? 0 : -a * ratio;
      }
      return { loss: 0, gradient, metrics: {} };
    };
    await policy.forwardBackward(sequences, clipped);
    const options = { learningRate: 0, maxGradientNorm: Infinity };
    const { gradientNorm: ours } = await policy.optimizerStep(options);
    const inputs = { oldLogps, advantages, sequences: sequences.length };
    const seen = await policy.forwardBackwardNative(sequences, { name: 'ppo' }, inputs);
    expect([...seen.data]).toEqual([...now.data]);
    const { gradientNorm: theirs } = await policy.optimizerStep(options);
    expect(theirs / ours).toBeCloseTo(1, 5); // float32
    policy.dispose();
  });

  it('is refused before anything is trained when the server does not have it', async () => {
    const wanted = { nativeLoss: { name: 'ppo', config: { clip_low_threshold: 0.7, clip_high_threshold: 1.3 } } };
    (await create(wanted)).dispose();
    await expect(create({ nativeLoss: { name: 'nothing' } })).rejects.toThrow(
      /the server does not take the loss 'nothing': .*400 loss_fn 'nothing'/,
    );
  });
});

describe('createTinkerPolicy', () => {
  it('refuses what cannot be had before anything is trained', async () => {
    await expect(create({ baseModel: 'other' })).rejects.toThrow("does not serve 'other'; it serves tiny");
    await expect(create({ apiKey: 'wrong' })).rejects.toThrow('401 the API key is wrong');
    const away = { url: 'http://127.0.0.1:9', patience: 0.3 };
    await expect(create(away)).rejects.toThrow(/create_session: connect ECONNREFUSED.*for 0.3 s/);
    const policy = await create({ reduction: 'sum' });
    const sequences = [{ prompt: (await prompts())[0]!, completion: [5, 6] }];
    await expect(policy.logprobs(sequences, { temperature: 0.5 })).rejects.toThrow('at temperature 1 alone, got 0.5');
    const zeros = ndarray(new Float64Array(2), [1, 2]);
    const inputs = { oldLogps: zeros, advantages: zeros, sequences: 1 };
    await expect(policy.forwardBackwardNative(sequences, { name: 'nothing' }, inputs)).rejects.toThrow("loss_fn 'nothing'"); // prettier-ignore
    expect(await gradientNorm(policy, sequences)).toBeGreaterThan(0); // the refused request left its number free
    policy.dispose();
  });
});
