/** Trains through a real SkyRL server; see run.sh. check.ts ENVIRONMENT FOLDER: the folder holds the checkpoint `qwen3`. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import ndarray from 'ndarray';
import { latestCheckpoint } from '../../packages/trainer/src/checkpoints.js';
import { settingsSchema } from '../../packages/trainer/src/config/schema.js';
import type { Prompt } from '../../packages/trainer/src/data/prompt.js';
import { train } from '../../packages/trainer/src/loop.js';
import type { LossResult, Matrix, Sequence } from '../../packages/trainer/src/policies/policy.js';
import { createTinkerPolicy, type TinkerPolicy } from '../../packages/trainer/src/policies/tinker/index.js';
import type { RunEvent } from '../../packages/trainer/src/tracking/events.js';
import type { ServerProcess } from '../server-process.js';
import { startSkyrl } from './server.js';

const [environment, work] = process.argv.slice(2) as [string, string];
const checkpoint = join(work, 'qwen3');
const PORT = 18_741;
const STEPS = 20;
const KILLED_AFTER = 12;
const SAVED_EVERY = 5;

const start = () => startSkyrl(environment, checkpoint, join(work, 'server'), PORT);
const open = (url: string) =>
  createTinkerPolicy({ checkpoint, url, rank: 8, seed: 'skyrl', patience: 120, timeout: 400, onWait: console.log });

const prompts: Prompt[] = ['hello', 'what is it?', 'tell me', 'go on'].map((content, i) => ({
  id: `p${i}`,
  messages: [{ role: 'user', content }],
  label: { task: 'score', score: 3 },
}));

const dataset = { length: prompts.length, get: (index: number) => Promise.resolve(prompts[index]!) };

/** The share of an answer's tokens that are printable ASCII: a random model gives about a third. */
const printable = {
  name: 'printable',
  range: [0, 1] as [number, number],
  score: ({ completionIds = [] }: { completionIds?: readonly number[] }) => share(completionIds),
};
let isPrintable: (token: number) => boolean;
const share = (tokens: readonly number[]) => tokens.filter((token) => isPrintable(token)).length / tokens.length;

const still = { learningRate: 0, maxGradientNorm: Infinity };

/** Gradient norms of two losses: computed here and sent as a surrogate, and computed by the server. */
async function compareLosses(policy: TinkerPolicy): Promise<void> {
  const groups = await policy.sample(prompts.slice(0, 2), {
    groupSize: 4,
    maxTokens: 8,
    temperature: 1,
    seed: 'losses',
  });
  const sequences: Sequence[] = groups.flatMap((group, p) =>
    group.map(({ tokens }) => ({ prompt: prompts[p]!, completion: tokens })),
  );
  const now = await policy.logprobs(sequences);
  const matrix = (value: (i: number) => number) =>
    ndarray(
      Float64Array.from(now.data, (_, i) => Math.fround(value(i))),
      now.shape,
    );
  const oldLogps = matrix((i) => now.data[i]! + 0.4 * Math.sin(i)); // ratios on both sides of both bounds
  const advantages = matrix((i) => Math.cos(3 * i) / now.size);
  const own =
    (isClipped: (ratio: number, advantage: number) => boolean) =>
    (logps: Matrix): LossResult => {
      const gradient = matrix(() => 0);
      for (let i = 0; i < logps.size; i++) {
        const ratio = Math.exp(logps.data[i]! - oldLogps.data[i]!);
        const advantage = advantages.data[i]!;
        gradient.data[i] = isClipped(ratio, advantage) ? 0 : -ratio * advantage;
      }
      return { loss: 0, gradient, metrics: {} };
    };
  const losses = {
    importance_sampling: own(() => false),
    ppo: own((ratio, advantage) => (advantage > 0 ? ratio > 1.2 : ratio < 0.8)),
  };
  for (const [name, loss] of Object.entries(losses)) {
    await policy.forwardBackward(sequences, loss);
    const { gradientNorm: ours } = await policy.optimizerStep(still);
    await policy.forwardBackwardNative(sequences, { name }, { oldLogps, advantages });
    const { gradientNorm: theirs } = await policy.optimizerStep(still);
    console.log(`${name}: gradient norm ${ours} by the surrogate, ${theirs} by the server`);
    assert.ok(Math.abs(ours / theirs - 1) < 1e-5, `${name}: the gradient norms differ`);
  }
}

const settings = settingsSchema.parse({
  model: { checkpoint },
  data: {
    train: { kind: 'photos', folder: 'none' },
    heldOut: { kind: 'photos', folder: 'none' },
  },
  grpo: { preset: 'trl', beta: 0, groupSize: 32, promptsPerStep: 4, maxTokens: 8, microBatch: 128 },
  optimizer: { learningRate: 5e-3, schedule: 'constant' },
  steps: STEPS,
  saveEvery: SAVED_EVERY,
});
const folder = join(work, 'run');
const rewards: [step: number, mean: number][] = [];

async function run(policy: TinkerPolicy, startStep: number, onStep: (step: number) => Promise<void>): Promise<void> {
  const tracker = async (event: RunEvent): Promise<void> => {
    if (event.type !== 'step') return;
    const totals = event.rollouts.map(({ total }) => total ?? 0);
    const mean = totals.reduce((sum, total) => sum + total, 0) / totals.length;
    const { grad_norm: norm = NaN, 'sampling/sampling_logp_difference/mean': difference = NaN } = event.metrics;
    const figures = `gradient norm ${norm.toFixed(4)}, sampler's log-probs off by ${difference.toExponential(1)}`;
    console.log(`step ${event.step}: reward ${mean.toFixed(3)}, ${figures}`);
    assert.ok(difference < 1e-3, 'the sampler does not have the weights that are trained');
    rewards.push([event.step, mean]);
    await onStep(event.step);
  };
  await train({
    settings,
    folder,
    policy,
    dataset,
    rewards: [printable],
    startStep,
    trackers: [tracker],
  });
}

let server: ServerProcess = await start();
try {
  const policy = await open(server.url);
  const { readTokenizer } = await import('../../packages/trainer/src/models/qwen2.5-vl/tokenizer.js');
  const tokenizer = await readTokenizer(checkpoint);
  isPrintable = (token) => /^[!-~]$/.test(tokenizer.token(token) ?? '');
  await compareLosses(policy);

  let restarted: Promise<void> | undefined;
  const killAndRestart = async (step: number): Promise<void> => {
    if (step !== KILLED_AFTER) return;
    await server.kill();
    console.log(`killed the server after step ${step}`);
    restarted = start().then((again) => {
      server = again;
      console.log('the server is back');
    });
  };
  const failure = await run(policy, 0, killAndRestart).then(() => undefined, (error: unknown) => error as Error); // prettier-ignore
  await restarted;
  policy.dispose();
  if (failure) {
    console.log(`the run stopped: ${failure.message}`);
    const latest = latestCheckpoint(folder)!;
    console.log(`resuming after step ${latest.state.step}`);
    assert.equal(latest.state.step, KILLED_AFTER - (KILLED_AFTER % SAVED_EVERY));
    while (rewards.length > latest.state.step) rewards.pop();
    const resumed = await open(server.url);
    await resumed.load(latest.folder);
    await run(resumed, latest.state.step, () => Promise.resolve());
    resumed.dispose();
  }
  assert.deepEqual(rewards.map(([step]) => step), Array.from({ length: STEPS }, (_, i) => i + 1)); // prettier-ignore
  const mean = (part: typeof rewards) => part.reduce((sum, [, reward]) => sum + reward, 0) / part.length;
  const [first, last] = [mean(rewards.slice(0, 3)), mean(rewards.slice(-3))];
  console.log(`reward ${first.toFixed(3)} in the first three steps, ${last.toFixed(3)} in the last three`);
  // 3,072 tokens each: the difference of two such means has a deviation of 0.012 where nothing is learnt
  assert.ok(last > first + 0.03, 'the reward did not rise');
} finally {
  await server.kill();
}
process.exit(0);
