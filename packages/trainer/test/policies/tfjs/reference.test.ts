import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Reward } from '@q-insight/rewards';
import { chooseBackend } from '../../../src/backends/choose-backend.js';
import { listCheckpoints } from '../../../src/checkpoints.js';
import { initLora, loraShape } from '../../../src/models/lora.js';
import { createTfjsPolicy, type TfjsPolicyOptions } from '../../../src/policies/tfjs/index.js';
import { mixReference } from '../../../src/policies/tfjs/reference.js';
import type { PolicyWeights } from '../../../src/policies/tfjs/weights.js';
import type { Policy, Sequence } from '../../../src/policies/policy.js';
import type { TrainingRun } from '../../../src/training/training-run.js';
import type { Settings } from '../../../src/config/schema.js';
import { isMachineFigure } from '../../../src/tracking/memory.js';
import { fakeSettings } from '../../fake-run.js';
import { goldenJson, goldenPath, type GoldenVlm } from '../../helpers/golden.js';
import { goldenPrompt } from '../../helpers/prompts.js';
import { temporaryFolder } from '../../helpers/temporary.js';
import { trainSteps } from '../../helpers/train-steps.js';

const checkpoint = goldenPath('vlm', 'tied_fp32');
const { cases } = goldenJson<GoldenVlm>('vlm', 'tied_fp32', 'expected.json');
let sequences: Sequence[];
beforeAll(async () => {
  await chooseBackend();
  const prompt = await goldenPrompt(
    cases.find(({ name }) => name === 'exact')!,
    0,
  );
  sequences = [{ prompt: { ...prompt, label: { task: 'none' } }, completion: [5, 9, 3, 7] }];
});

type Options = Pick<TfjsPolicyOptions, 'train' | 'lora' | 'freezeVision' | 'reference'>;
const lora = { train: 'lora', lora: { rank: 4 } } as const;
const full = { train: 'full', reference: true } as const;

const open = (options: Options) => createTfjsPolicy({ checkpoint, seed: 's', ...options });
const logps = async (policy: Policy, weights: 'policy' | 'reference') =>
  Array.from((await policy.logprobs(sequences, { weights })).data);
async function trained(options: Options): Promise<Policy> {
  const policy = await open(options);
  await policy.forwardBackward(sequences, (now) => {
    const gradient = { ...now, data: now.data.map(() => -1) };
    return { loss: 0, gradient: Object.assign(Object.create(Object.getPrototypeOf(now) as object), gradient) as typeof now, metrics: {} }; // prettier-ignore
  });
  await policy.optimizerStep({ learningRate: 0.01, maxGradientNorm: 1 });
  return policy;
}

test('mixes weight by weight', () => {
  const base = new Map<string, tf.Tensor>([['w', tf.tensor1d([1, 2])], ['frozen', tf.tensor1d([9])]]); // prettier-ignore
  const reference = new Map<string, tf.Tensor>([['w', tf.tensor1d([5, -2])]]);
  mixReference({ base, reference }, 0.25, 's');
  expect([...reference.get('w')!.dataSync()]).toEqual([4, -1]);
  expect([...base.get('w')!.dataSync()]).toEqual([1, 2]);
  expect(() => mixReference({ base }, 0.5, 's')).toThrow("the policy was made without 'reference: true'");
});

test('of an adapter mixes A and B, from the start that its seed gave', () => {
  const module = 'model.language_model.layers.0.self_attn.q_proj';
  const base = new Map<string, tf.Tensor>([[`${module}.weight`, tf.zeros([2, 3])]]);
  const shape = loraShape({ rank: 1 });
  const start = [...initLora(base, shape, 's').get(`${module}.lora_A.weight`)!.dataSync()];
  const adapter = new Map<string, tf.Tensor>([
    [`${module}.lora_A.weight`, tf.ones([1, 3])],
    [`${module}.lora_B.weight`, tf.fill([2, 1], 2)],
  ]);
  const weights: PolicyWeights = { base, lora: { adapter, shape } };
  const mixed = (name: string) => [...weights.reference!.get(`${module}.${name}.weight`)!.dataSync()];
  mixReference(weights, 0.25, 's');
  mixed('lora_A').forEach((value, k) => expect(value).toBeCloseTo(0.25 + 0.75 * start[k]!, 6)); // float32
  expect(mixed('lora_B')).toEqual([0.5, 0.5]);
  mixReference(weights, 0.25, 's');
  expect(mixed('lora_B')).toEqual([0.875, 0.875]);
});

describe.each<[string, Options]>([
  ['all weights', { ...full, freezeVision: false }],
  ['an adapter', lora],
])('the reference of %s', (_, options) => {
  test('alpha 0 leaves it as it is, 1 makes it the policy, one between is neither', async () => {
    const policy = await trained(options);
    const [before, now] = [await logps(policy, 'reference'), await logps(policy, 'policy')];
    expect(now).not.toEqual(before);
    await policy.syncReference!(0);
    expect(await logps(policy, 'reference')).toEqual(before);
    await policy.syncReference!(0.5);
    const between = await logps(policy, 'reference');
    expect(between).not.toEqual(before);
    expect(between).not.toEqual(now);
    await policy.syncReference!(1);
    expect(await logps(policy, 'reference')).toEqual(now);
    policy.dispose();
  });

  test('is kept by a checkpoint once it has moved, and only then', async () => {
    const [policy, other] = [await trained(options), await open(options)];
    const [plain, moved, final] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
    await policy.save(plain);
    expect(existsSync(join(plain, 'reference.safetensors'))).toBe(false);
    await policy.syncReference!(0.3);
    await policy.save(moved);
    await policy.save(final, 'weights');
    expect(existsSync(join(final, 'reference.safetensors'))).toBe(false);
    await other.load(moved);
    expect(await logps(other, 'reference')).toEqual(await logps(policy, 'reference'));
    expect(await logps(other, 'policy')).toEqual(await logps(policy, 'policy'));
    for (const one of [policy, other]) one.dispose();
  });
});

describe.each<[string, Options]>([
  ['the decoder', full],
  ['an adapter', lora],
])('a run that trains %s', (_, options) => {
  const length: Reward = { name: 'length', range: [0, 1e4], score: ({ completion }) => completion.length };
  const settingsOf = (referenceSync: { every: number; alpha: number } | undefined) =>
    fakeSettings({
      grpo: { groupSize: 4, promptsPerStep: 1, maxTokens: 4, microBatch: 4, beta: 0.5, referenceSync },
      optimizer: { learningRate: 0.01, schedule: 'constant' },
      ...{ steps: 4, saveEvery: 3, keep: 9 },
    });
  const run = async (settings: Settings, more: Partial<TrainingRun> = {}) => {
    const policy = more.policy ?? (await open(options));
    const dataset = { length: 1, get: () => Promise.resolve(sequences[0]!.prompt) };
    const { steps } = await trainSteps({ settings, dataset, rewards: [length], ...more, policy });
    policy.dispose();
    return steps.map(({ metrics }) => Object.fromEntries(Object.entries(metrics).filter(([name]) => !isMachineFigure(name)))); // prettier-ignore
  };

  test('has no KL at the start of a step where the reference is made the policy after each', async () => {
    const [, ...still] = await run(settingsOf(undefined));
    for (const { kl } of still) expect(kl).toBeGreaterThan(0);
    const [, ...moving] = await run(settingsOf({ every: 1, alpha: 1 }));
    expect(moving.map(({ kl }) => kl)).toEqual([0, 0, 0]);
  });

  test('goes on from a checkpoint with the reference it had, to the bit', async () => {
    const settings = settingsOf({ every: 2, alpha: 0.5 });
    const folder = temporaryFolder();
    const whole = await run(settings, { folder });
    const policy = await open(options);
    const saved = listCheckpoints(folder).find(({ state }) => state.step === 3)!;
    await policy.load(saved.folder);
    const rest = await run(settings, { policy, startStep: 3 });
    expect(rest).toEqual(whole.slice(3));
    expect(rest[0]!['kl']).toBeGreaterThan(0);
  });
});
