import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Prompt } from '../../../src/data/prompt.js';
import { createTinkerPolicy } from '../../../src/policies/tinker/index.js';
import { serveModel, type ModelServer } from '../../../src/serve-model/index.js';
import { goldenPath } from '../../helpers/golden.js';
import { temporaryFolder } from '../../helpers/temporary.js';
import { loss } from '../interface.js';
import { FAULTS, startFaultyProxy } from './faulty-proxy.js';

const checkpoint = goldenPath('vlm', 'tied_fp32');
// `npm run test:faults` takes 50 steps with a tenth of all exchanges spoilt
const STEPS = Number(process.env['FAULT_STEPS'] ?? 10);
const SHARE = STEPS < 50 ? 0.3 : 0.1;
let server: ModelServer;

beforeAll(async () => {
  server = await serveModel(checkpoint, { port: 0, name: 'tiny', checkpoints: temporaryFolder() });
});
afterAll(() => server.close());

const prompt: Prompt = {
  id: 'p',
  messages: [{ role: 'user', content: 'Is it sharp?' }],
  label: { task: 'score', score: 3 },
};

/** Samples, trains on what was drawn, and tells the log-probs that come of it. */
async function train(url: string): Promise<number[]> {
  const policy = await createTinkerPolicy({
    checkpoint,
    url,
    rank: 2,
    seed: 'faults',
    patience: 100,
    reduction: 'sum',
  });
  let last: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const options = { groupSize: 2, maxTokens: 3, temperature: 1, seed: `step/${step}` };
    const [group] = await policy.sample([prompt], options);
    const sequences = group!.map(({ tokens }) => ({ prompt, completion: tokens }));
    await policy.forwardBackward(sequences, loss);
    await policy.optimizerStep({ learningRate: 1e-3, maxGradientNorm: 1 });
    if (step === STEPS - 1) last = [...(await policy.logprobs(sequences)).data];
  }
  policy.dispose();
  return last;
}

it('ends with the same weights whether or not exchanges go wrong', async () => {
  const expected = await train(server.url);
  const proxy = await startFaultyProxy(server.url, SHARE, 'faults');
  expect(await train(proxy.url)).toEqual(expected);
  const made = Object.keys(proxy.counts).length;
  expect(made).toBeGreaterThanOrEqual(STEPS < 50 ? 4 : FAULTS.length); // as many kinds of fault have happened
  await proxy.close();
}, 240_000);
