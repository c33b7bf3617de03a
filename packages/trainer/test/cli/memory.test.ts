import { expect, test } from '@jest/globals';
import { examine } from '../../src/cli/doctor.js';
import { checkMemory, memoryRequest, planLines, tooLarge } from '../../src/cli/memory.js';
import { planCheck, plannedSettings } from '../../src/cli/doctor-plan.js';
import { trainRun } from '../../src/cli/train.js';
import { settingsSchema } from '../../src/config/schema.js';
import { readProcessor } from '../../src/models/qwen2.5-vl/processor.js';
import type { MemoryRequest } from '../../src/policies/tfjs/memory-plan.js';
import { fakeDataset } from '../fake-policy.js';
import { goldenPath } from '../helpers/golden.js';
import { temporaryFolder } from '../helpers/temporary.js';
import { fakeParts } from './fake-parts.js';
import { fakeRecipe } from './fake-recipe.js';

const checkpoint = goldenPath('vlm', 'tied_fp32');
const data = { kind: 'photos', folder: '.' };
const settings = (grpo: object = {}) =>
  settingsSchema.parse({ model: { checkpoint }, data: { train: data, heldOut: data }, steps: 1, grpo });
const plan = {
  lasting: [{ name: 'weights', bytes: 3e9 }],
  passing: [{ name: 'sampling', bytes: 1e9 }, { name: 'images', bytes: 5e8 }], // prettier-ignore
  peak: 4e9,
};
const request = { train: 'full', precision: 'fp32', backend: 'tensorflow', microBatch: 1, imagePatches: [4] };

test('a plan that does not fit is refused with its largest parts and ways out', () => {
  expect(tooLarge(plan, request as unknown as MemoryRequest, 4e9)).toBeUndefined();
  expect(tooLarge(plan, request as unknown as MemoryRequest, 3.9e9)).toBe(
    'the run needs about 4.0 GB, 3.9 GB are available (weights 3.0 GB, sampling 1.0 GB, images 0.50 GB); less takes ' +
      'model.train: lora, model.precision: bf16, a smaller model.maxPixels, a smaller grpo.groupSize or grpo.maxTokens',
  );
});

test('a plan in lines', () => {
  expect(planLines(plan, 8e9)).toEqual([
    '  weights                            3.0 GB',
    '  sampling (passing)                 1.0 GB',
    '  images (passing)                  0.50 GB',
    '  at most together                   4.0 GB of 8.0 GB available',
  ]);
});

test('a run that fits goes on, one that cannot is refused before it starts', async () => {
  const prompt = await fakeDataset().get(0);
  const processor = await readProcessor(checkpoint);
  await checkMemory(settings(), processor, prompt);
  await expect(checkMemory(settings({ maxTokens: 1_000_000 }), processor, prompt)).rejects.toThrow(
    /^train: the run needs about [\d.]+ GB, .*go on all the same with --no-memory-check$/,
  );
});

test('the reference has weights of its own beside full weights, and beside an adapter only where it moves', () => {
  const size = { promptTokens: 1, imagePatches: [] };
  const asks = (train: 'full' | 'lora', grpo: object) => {
    const plain = settings({ beta: 0.1, ...grpo });
    return memoryRequest({ ...plain, model: { ...plain.model, train } }, size, 'wasm').reference;
  };
  expect([asks('full', {}), asks('full', { beta: 0 })]).toEqual([true, false]);
  expect([asks('lora', {}), asks('lora', { referenceSync: {} })]).toEqual([false, true]);
});

test('train asks, unless told not to', async () => {
  const parts = { ...fakeParts(), checkMemory: () => Promise.reject(new Error('too little')) };
  const output = `${temporaryFolder()}/run`;
  await expect(trainRun(fakeRecipe(), { output, evaluate: false }, parts)).rejects.toThrow('too little');
  expect(await trainRun(fakeRecipe(), { output, evaluate: false, memoryCheck: false }, parts)).toBe(0);
});

test('doctor plans for flags, and for a recipe', async () => {
  const findings = await examine({ model: checkpoint, groupSize: '4', images: '2', imageSize: '112x112' });
  const found = findings.at(-1)!;
  expect(found).toMatchObject({ name: 'training', ok: true });
  expect(found.text).toMatch(
    /to train it \(lora, fp32, 4 prompts of \d+ tokens x 4 answers of 256, micro-batch 8\):\n/,
  );
  expect(found.text).toMatch(/weights +0\.\d\d GB\n[^]*at most together +[\d.]+ GB of [\d.]+ GB available$/);
  const huge = await planCheck(plannedSettings({ model: checkpoint, set: ['grpo.maxTokens=2000000'] }), {});
  expect(huge.ok).toBe(false);
  expect(huge.text).toContain('the run needs about');
  await expect(planCheck(settings(), { imageSize: '112' })).rejects.toThrow(
    "--image-size: expected WIDTHxHEIGHT in pixels, got '112'",
  );
  await expect(examine({ model: checkpoint, groupSize: 'x' })).rejects.toThrow('--group-size: expected a whole number');
  await expect(examine({ model: checkpoint, precision: 'fp8' })).rejects.toThrow(/^--precision fp8: 'model\.precision' must be one of/); // prettier-ignore
});
