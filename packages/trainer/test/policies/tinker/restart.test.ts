import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint } from '../../../src/checkpoints.js';
import type { Dataset } from '../../../src/data/prompt.js';
import { train } from '../../../src/loop.js';
import { createTinkerPolicy } from '../../../src/policies/tinker/index.js';
import type { Tracker } from '../../../src/tracking/events.js';
import { jsonlTracker, readMetrics } from '../../../src/tracking/jsonl.js';
import { isMachineFigure } from '../../../src/tracking/memory.js';
import { withRecovery } from '../../../src/training/recovery.js';
import { fakeSettings } from '../../fake-run.js';
import { goldenPath } from '../../helpers/golden.js';
import { temporaryFolder } from '../../helpers/temporary.js';
import { startServed, type ServedProcess } from './served-process.js';
import { evenTokens, textPrompts } from './text-run.js';

const checkpoint = goldenPath('vlm', 'tied_fp32');
const saved = temporaryFolder();
let server: ServedProcess;

beforeAll(async () => {
  server = await startServed(checkpoint, saved);
});
afterAll(() => server.kill());

const settings = fakeSettings({
  model: { checkpoint },
  grpo: { groupSize: 4, promptsPerStep: 2, maxTokens: 5, microBatch: 8, innerEpochs: 2 },
  optimizer: { learningRate: 1e-2 },
  steps: 6,
  saveEvery: 2,
});
const dataset: Dataset = { length: 2, get: (index) => Promise.resolve(textPrompts[index]!) };

/** Trains, and lets something happen after steps. @returns what is left of it */
async function run(onStep: (step: number) => void) {
  const folder = temporaryFolder();
  const said: string[] = [];
  const steps: number[] = [];
  const note: Tracker = (event) => {
    if (event.type !== 'step') return;
    steps.push(event.step);
    onStep(event.step);
  };
  const attempt = async (from: Checkpoint | undefined) => {
    const policy = await createTinkerPolicy({ checkpoint, url: server.url, rank: 4, seed: 'restart', patience: 200, reduction: 'sum' }); // prettier-ignore
    if (from) await policy.load(from.folder);
    const startStep = from?.state.step ?? 0;
    const trackers = [jsonlTracker(folder), note];
    await train({ settings, folder, policy, dataset, rewards: [evenTokens], startStep, trackers }).finally(() => policy.dispose()); // prettier-ignore
  };
  await withRecovery(attempt, undefined, { folder, recoveries: 1, onLoss: (text) => said.push(text) });
  const metrics = readMetrics(folder).map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !isMachineFigure(name)))); // prettier-ignore
  const { path } = JSON.parse(readFileSync(join(folder, 'final', 'tinker.json'), 'utf8')) as { path: string };
  const [, model, name] = /^tinker:\/\/(.*)\/weights\/(.*)$/.exec(path)!;
  const weights = (file: string) => readFileSync(join(saved, encodeURIComponent(model!), 'weights', name!, file));
  const files = ['adapter_model.safetensors', 'optimizer.safetensors'].map((file) => weights(file).toString('base64'));
  return { metrics, files, steps, said };
}

it('goes on from the last checkpoint when the server was killed and started again, and ends with the same weights', async () => {
  const whole = await run(() => undefined);
  let restarted: Promise<void> | undefined;
  const killed = await run((step) => {
    if (step === 3) restarted ??= server.restart();
  });
  await restarted;
  expect(killed.said).toEqual([
    expect.stringMatching(/^the policy is lost \(.*(unknown).*\); going on after step 2 \(1 of 1\)$/),
  ]);
  expect(killed.steps).toEqual([1, 2, 3, 3, 4, 5, 6]); // step 3 was done after the checkpoint, and is done again
  expect(killed.metrics.map((row) => row['step'])).toEqual([1, 2, 3, 4, 5, 6]);
  expect(killed.metrics).toEqual(whole.metrics);
  expect(killed.files).toEqual(whole.files); // the moments too: each step was applied once
  expect(whole.metrics.at(-1)!['grad_norm']).toBeGreaterThan(0);
}, 240_000);
