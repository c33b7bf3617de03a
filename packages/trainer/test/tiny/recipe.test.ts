import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { realParts } from '../../src/cli/real-parts.js';
import { trainRun } from '../../src/cli/train.js';
import { openCheckpoint } from '../../src/models/qwen2.5-vl/weights.js';
import { readEvaluation } from '../../src/tracking/evaluation-file.js';
import { readMetrics } from '../../src/tracking/jsonl.js';
import { temporaryFolder } from '../helpers/temporary.js';

// The demo as it is shipped, on the committed checkpoint and photographs, cut to a few seconds.
const RECIPE = 'recipes/tiny.yaml';
const SHORT = ['grpo.promptsPerStep=2', 'grpo.groupSize=4', 'evaluate.prompts=6', 'evaluate.samples=1', 'saveEvery=2'];

const newFolder = () => join(temporaryFolder(), 'run');
const bytes = (...parts: string[]) => readFileSync(join(...parts));

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
});

test('the tiny recipe trains the committed checkpoint and leaves everything it promises', async () => {
  const output = newFolder();
  expect(await trainRun(RECIPE, { output, seed: '3', steps: '2', set: SHORT }, realParts)).toBe(0);
  for (const name of ['settings.yaml', 'metrics.jsonl', 'rollouts.jsonl', 'report.html', 'evaluation.json']) {
    expect(existsSync(join(output, name))).toBe(true);
  }
  const { config } = await openCheckpoint(join(output, 'final')); // every tensor there, every shape right
  expect(config.text.hiddenSize).toBe(128);
  expect(bytes(output, 'final', 'model.safetensors')).not.toEqual(bytes('examples/tiny/checkpoint/model.safetensors'));

  // The cold start is half-trained: it knows the layout, and does not always keep it.
  const [first] = readMetrics(output);
  expect(first!['rewards/format/mean']).toBeGreaterThan(0.2);
  // Sampling never draws an image token, training counts its small probability; beyond that the two compute the same.
  expect(first!['sampling/sampling_logp_difference/mean']).toBeLessThan(1e-3);
  expect(readEvaluation(output)!.before.greedy.formatRate).toBeGreaterThan(0.8);
});

test('the same seed gives the same weights to the bit, in one go or resumed', async () => {
  const [whole, parts] = [newFolder(), newFolder()];
  // A constant rate: with the others, where a run ends decides the rate on the way there.
  const set = [...SHORT, 'optimizer.schedule=constant'];
  const run = (output: string, steps: string, resume = false) =>
    trainRun(resume ? undefined : RECIPE, { output, seed: '3', steps, set, resume, evaluate: false }, realParts);
  await run(whole, '4');
  await run(parts, '2');
  await run(parts, '4', true);
  expect(bytes(parts, 'rollouts.jsonl').equals(bytes(whole, 'rollouts.jsonl'))).toBe(true);
  const weights = (folder: string) => bytes(folder, 'final', 'model.safetensors');
  expect(weights(parts).equals(weights(whole))).toBe(true);
});
