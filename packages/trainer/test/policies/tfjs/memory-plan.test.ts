import { expect, test } from '@jest/globals';
import { readConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { planMemory, type MemoryRequest } from '../../../src/policies/tfjs/memory-plan.js';
import { goldenPath } from '../../helpers/golden.js';

const config = await readConfig(goldenPath('vlm', 'tied_fp32'));
/** Qwen2.5-VL-3B's decoder and tower. */
const large = {
  ...config,
  text: {
    ...{ ...config.text, hiddenSize: 2048, intermediateSize: 11008, numHiddenLayers: 36, numAttentionHeads: 16 },
    ...{ numKeyValueHeads: 2, headDim: 128, vocabSize: 151936 },
  },
  vision: {
    ...{ ...config.vision, depth: 32, hiddenSize: 1280, intermediateSize: 3420, numHeads: 16, outHiddenSize: 2048 },
    ...{ patchSize: 14, temporalPatchSize: 2, spatialMergeSize: 2, inChannels: 3 },
  },
};
const request: MemoryRequest = {
  ...{
    backend: 'tensorflow',
    train: 'lora',
    precision: 'fp32',
    matmulPrecision: 'fp32',
    lora: { rank: 16 },
    freezeVision: true,
  },
  ...{ reference: false, sampled: [{ prompts: 1, groupSize: 8 }], groupSize: 8, microBatch: 8 },
  ...{ promptTokens: 1024, maxTokens: 512, imagePatches: [3840] },
};
const bytes = (name: string, changes: Partial<MemoryRequest> = {}): number => {
  const { lasting, passing } = planMemory(large, { ...request, ...changes });
  return [...lasting, ...passing].find((part) => part.name === name)!.bytes;
};

test('weights, adapter and moments of the 3B model', () => {
  // published: 3,754,622,976 parameters (transformers' num_parameters); an adapter of rank 16 on all seven has 29,933,568
  expect(bytes('weights')).toBe(4 * 3_754_622_976);
  expect(bytes('adapter')).toBe(4 * 29_933_568);
  expect(bytes("optimizer's moments")).toBe(8 * 29_933_568);
  expect(bytes('weights', { precision: 'bf16' }) / bytes('weights')).toBeCloseTo(0.5, 3); // norms and biases stay
});

test('sampling copies no matrices that are multiplied in bfloat16', () => {
  const kept = bytes('sampling', { precision: 'bf16' });
  const multiplied = bytes('sampling', { precision: 'bf16', matmulPrecision: 'bf16' });
  expect(kept - multiplied).toBeGreaterThan(2 * 4 * 3e9); // two copies in float32 of the decoder's 3.1 thousand million values
});

test('the decoder that is trained is in float32, whatever the precision', () => {
  const full = bytes('sampling', { train: 'full' });
  expect(bytes('sampling', { train: 'full', precision: 'bf16' })).toBe(full);
  expect(bytes('sampling', { train: 'full', precision: 'bf16', matmulPrecision: 'bf16' })).toBe(full);
});

test('the vision tower is not trained unless asked, and a reference of its own takes as much as what is trained', () => {
  const frozen = bytes('gradients', { train: 'full' });
  expect(bytes('gradients', { train: 'full', freezeVision: false })).toBeGreaterThan(frozen);
  expect(bytes('reference', { train: 'full', reference: true })).toBe(frozen);
  expect(bytes('reference', { reference: true })).toBe(bytes('adapter'));
  expect(bytes('reference')).toBe(0);
});

test.each([
  ['sampling', { maxTokens: 1024 }],
  ['sampling', { sampled: [{ prompts: 4, groupSize: 8 }] }],
  ['images', { imagePatches: [3840, 3840] }],
  ['forward and backward', { maxTokens: 1024 }],
  ['forward and backward', { microBatch: 16 }],
  ['forward and backward', { promptTokens: 2048 }],
] as [string, Partial<MemoryRequest>][])('%s grow with %j', (name, changes) => {
  expect(bytes(name, changes)).toBeGreaterThan(bytes(name) + 1e8);
});

test('the peak is what lasts and the largest that passes', () => {
  const { lasting, passing, peak } = planMemory(large, request);
  const sum = lasting.reduce((total, part) => total + part.bytes, 0);
  expect(peak).toBe(sum + Math.max(...passing.map((part) => part.bytes)));
});

test('where another engine samples, nothing is taken for it', () => {
  expect(planMemory(large, { ...request, sampled: [] }).passing.map(({ name }) => name)).not.toContain('sampling');
});
