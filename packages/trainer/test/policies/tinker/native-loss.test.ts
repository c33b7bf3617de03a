import { grpoLoss } from '@q-insight/core';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import ndarray from 'ndarray';
import type { Prompt } from '../../../src/data/prompt.js';
import { train } from '../../../src/loop.js';
import { createTinkerPolicy } from '../../../src/policies/tinker/index.js';
import { serveModel, type ModelServer } from '../../../src/serve-model/index.js';
import type { StepMetrics } from '../../../src/tracking/events.js';
import { lossOptions } from '../../../src/training/loss-options.js';
import { fakeSettings } from '../../fake-run.js';
import { goldenPath } from '../../helpers/golden.js';
import { temporaryFolder } from '../../helpers/temporary.js';
import { evenTokens, textPrompts } from './text-run.js';

const checkpoint = goldenPath('vlm', 'tied_fp32');
let server: ModelServer;

beforeAll(async () => {
  server = await serveModel(checkpoint, { port: 0, name: 'tiny', checkpoints: temporaryFolder() });
});
afterAll(() => server.close());

/** Figures of two steps of four updates each, far enough that ratios are clipped. */
async function run(loss: 'surrogate' | 'ppo'): Promise<StepMetrics[]> {
  const settings = fakeSettings({
    model: { checkpoint, tinker: { url: server.url, loss } },
    grpo: { preset: 'trl', groupSize: 4, promptsPerStep: 2, maxTokens: 5, microBatch: 3, innerEpochs: 4, clipLow: 0.1 },
    optimizer: { learningRate: 1e-2 },
    steps: 2,
  });
  const policy = await createTinkerPolicy({ checkpoint, url: server.url, rank: 4, seed: 'native', reduction: 'sum' });
  const metrics: StepMetrics[] = [];
  const folder = temporaryFolder();
  const dataset = { length: 2, get: (index: number) => Promise.resolve<Prompt>(textPrompts[index]!) };
  const note = (event: { type: string; metrics?: unknown }) => {
    if (event.type === 'step') metrics.push(event.metrics as StepMetrics);
  };
  await train({ settings, folder, policy, dataset, rewards: [evenTokens], trackers: [note] });
  policy.dispose();
  return metrics;
}

it("the server's ppo is the recipe's clipped loss, figures included", async () => {
  const [here, there] = [await run('surrogate'), await run('ppo')];
  for (const name of ['loss', 'grad_norm', 'clip_ratio/low_mean', 'clip_ratio/high_mean', 'ratio/mean', 'reward']) {
    // the same sums in float32, in another order
    there.forEach((step, i) => expect([name, step[name]]).toEqual([name, expect.closeTo(here[i]![name]!, 4)]));
  }
  expect(here[0]!['clip_ratio/low_mean']! + here[0]!['clip_ratio/high_mean']!).toBeGreaterThan(0);
});

it.each(['importance_sampling', 'gspo', 'cispo'] as const)(
  "the server's %s is the loss of that name in core",
  async (loss) => {
    const { grpo } = fakeSettings({ grpo: { preset: 'trl' } });
    const { native, loss: options } = lossOptions(grpo, 'policy', loss);
    const policy = await createTinkerPolicy({
      checkpoint,
      url: server.url,
      rank: 4,
      seed: 'native',
      nativeLoss: native,
    });
    const sequences = textPrompts.map((prompt, i) => ({ prompt, completion: [7 + i, 30, 12 + i] }));
    const now = await policy.logprobs(sequences);
    const like = (value: (k: number) => number) =>
      ndarray(
        Float64Array.from(now.data, (_, k) => value(k)),
        now.shape,
      );
    const oldLogps = like((k) => now.data[k]! + 0.6 * Math.sin(k)); // on both sides of both bounds
    const advantages = like((k) => (k < 3 ? 1 : -1));
    const mask = like(() => 1);
    const batch = { oldLogps, advantages, mask, weights: mask };
    await policy.forwardBackward(sequences, (logps) => grpoLoss({ ...batch, logps }, options));
    const still = { learningRate: 0, maxGradientNorm: Infinity };
    const { gradientNorm: here } = await policy.optimizerStep(still);
    await policy.forwardBackwardNative(sequences, native!, { oldLogps, advantages, sequences: 2 });
    const { gradientNorm: there } = await policy.optimizerStep(still);
    expect(there / here).toBeCloseTo(1, 5); // float32
    expect(here).toBeGreaterThan(0);
    policy.dispose();
  },
);
