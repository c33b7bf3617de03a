import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { expect, it } from '@jest/globals';
import { chooseBackend } from '../../src/backends/choose-backend.js';
import { createGradients } from '../../src/models/gradients.js';
import { packSequences } from '../../src/models/qwen2.5-vl/batch.js';
import { buildModel } from '../../src/models/qwen2.5-vl/model.js';
import { runSequences } from '../../src/models/qwen2.5-vl/sequences.js';
import { goldenJson, type GoldenVlm } from '../helpers/golden.js';
import {
  goldenEmbeddings,
  goldenParameters,
  goldenPrompts,
  goldenRows,
  largestDifference,
} from '../helpers/golden-model.js';

it('falls back to plain JavaScript with a warning when wasm does not start', async () => {
  setWasmPaths('/nowhere/');
  const warnings: string[] = [];
  expect(await chooseBackend((message) => warnings.push(message))).toBe('cpu');
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/no wasm backend .* plain JavaScript/);
  expect(tf.getBackend()).toBe('cpu');
  expect(await chooseBackend()).toBe('cpu'); // decided once, warned once
});

it('computes and trains on the plain backend all the same', async () => {
  const { config, parameters } = await goldenParameters('tied_fp32');
  expect(tf.getBackend()).toBe('cpu');
  const entry = goldenJson<GoldenVlm>('vlm', 'tied_fp32', 'expected.json').cases.find(({ name }) => name === 'two')!;
  const model = buildModel(config, parameters);
  const rows = goldenRows(entry);
  const { embeddings, grids } = await goldenEmbeddings(rows[0]!.images, model);
  const [prompt] = goldenPrompts(rows, grids, config);
  const batch = packSequences([{ prompt: prompt!, completion: entry.completionIds }], config);
  const gradients = createGradients(new Set(['model.language_model.embed_tokens.weight']));
  const pass = runSequences(batch, embeddings, model, gradients, { keep: 'inputs' });
  expect(largestDifference(pass.logprobs.dataSync(), entry.logprobs.flat())).toBeLessThan(10 * entry.logprobsNoise);
  pass.backward(new Float32Array(batch.targets.length).fill(1)).dispose();
  expect(gradients.sums.size).toBe(1);
});
