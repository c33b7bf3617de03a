import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from '@jest/globals';
import { chooseBackend } from '../../../src/backends/choose-backend.js';
import { createTfjsPolicy } from '../../../src/policies/tfjs/index.js';
import { mixReference } from '../../../src/policies/tfjs/reference.js';
import type { Policy, Sequence } from '../../../src/policies/policy.js';
import { goldenJson, goldenPath, type GoldenVlm } from '../../helpers/golden.js';
import { goldenPrompt } from '../../helpers/prompts.js';
import { temporaryFolder } from '../../helpers/temporary.js';

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

const open = () => createTfjsPolicy({ checkpoint, train: 'full', freezeVision: false, reference: true, seed: 's' });
const logps = async (policy: Policy, weights: 'policy' | 'reference') =>
  Array.from((await policy.logprobs(sequences, { weights })).data);
async function trained(): Promise<Policy> {
  const policy = await open();
  await policy.forwardBackward(sequences, (now) => {
    const gradient = { ...now, data: now.data.map(() => -1) };
    return { loss: 0, gradient: Object.assign(Object.create(Object.getPrototypeOf(now) as object), gradient) as typeof now, metrics: {} }; // prettier-ignore
  });
  await policy.optimizerStep({ learningRate: 0.01, maxGradientNorm: 1 });
  return policy;
}

test('mixes weight by weight', () => {
  const base = new Map<string, tf.Tensor>([['w', tf.tensor1d([1, 2])], ['frozen', tf.tensor1d([9])]]); // prettier-ignore
  const start = new Map<string, tf.Tensor>([['w', tf.tensor1d([5, -2])]]);
  mixReference({ base, start }, 0.25);
  expect([...start.get('w')!.dataSync()]).toEqual([4, -1]);
  expect([...base.get('w')!.dataSync()]).toEqual([1, 2]);
  expect(() => mixReference({ base }, 0.5)).toThrow("needs reference weights of their own: train: 'full'");
});

test('alpha 0 leaves the reference as it is, 1 makes it the policy, one between is neither', async () => {
  const policy = await trained();
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

test('a checkpoint keeps a reference that has moved, and only then', async () => {
  const [policy, other] = [await trained(), await open()];
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

test('an adapter has no reference of its own to move', async () => {
  const policy = await createTfjsPolicy({ checkpoint, train: 'lora', seed: 's' });
  await expect(policy.syncReference!(0.5)).rejects.toThrow('needs reference weights of their own');
  policy.dispose();
});
