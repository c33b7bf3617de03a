/** Trains through a real SkyRL server; see run.sh. check.ts ENVIRONMENT FOLDER: the folder holds the checkpoint `qwen3`. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import ndarray from 'ndarray';
import type { Checkpoint } from '../../packages/trainer/src/checkpoints.js';
import { settingsSchema } from '../../packages/trainer/src/config/schema.js';
import type { Prompt } from '../../packages/trainer/src/data/prompt.js';
import { train } from '../../packages/trainer/src/loop.js';
import type { LossResult, Matrix, Sequence } from '../../packages/trainer/src/policies/policy.js';
import { readTokenizer } from '../../packages/trainer/src/models/qwen2.5-vl/tokenizer.js';
import { openTinker } from '../../packages/trainer/src/policies/tinker/client.js';
import {
  createTinkerPolicy,
  type TinkerPolicy,
  type TinkerPolicyOptions,
} from '../../packages/trainer/src/policies/tinker/index.js';
import { detectReduction } from '../../packages/trainer/src/policies/tinker/server-checks.js';
import type { RunEvent } from '../../packages/trainer/src/tracking/events.js';
import { withRecovery } from '../../packages/trainer/src/training/recovery.js';
import type { ServerProcess } from '../server-process.js';
import { startSkyrl } from './server.js';

const [environment, work] = process.argv.slice(2) as [string, string];
const checkpoint = join(work, 'qwen3');
const PORT = 18_741;
const STEPS = 20;
const KILLED_AFTER = 12;
const SAVED_EVERY = 5;

const start = () => startSkyrl(environment, checkpoint, join(work, 'server'), PORT);
const open = (url: string, changes: Partial<TinkerPolicyOptions> = {}) => {
  const waiting = { patience: 240, timeout: 400, onWait: console.log };
  return createTinkerPolicy({ checkpoint, url, rank: 8, seed: 'skyrl', ...waiting, ...changes });
};

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
const tokenizer = await readTokenizer(checkpoint);
const isPrintable = (token: number) => /^[!-~]$/.test(tokenizer.token(token) ?? '');
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
    (weightOf: (ratio: number, advantage: number) => number) =>
    (logps: Matrix): LossResult => {
      const gradient = matrix(() => 0);
      for (let i = 0; i < logps.size; i++) {
        const ratio = Math.exp(logps.data[i]! - oldLogps.data[i]!);
        const advantage = advantages.data[i]!;
        gradient.data[i] = -weightOf(ratio, advantage) * advantage;
      }
      return { loss: 0, gradient, metrics: {} };
    };
  const losses = {
    importance_sampling: own((ratio) => ratio),
    ppo: own((ratio, advantage) => ((advantage > 0 ? ratio > 1.2 : ratio < 0.8) ? 0 : ratio)),
    cispo: own((ratio) => Math.min(Math.max(ratio, 0.8), 1.2)),
  };
  for (const [name, loss] of Object.entries(losses)) {
    await policy.forwardBackward(sequences, loss);
    const { gradientNorm: ours } = await policy.optimizerStep(still);
    const config = name === 'importance_sampling' ? {} : { clip_low_threshold: 0.8, clip_high_threshold: 1.2 };
    const inputs = { oldLogps, advantages, sequences: sequences.length };
    await policy.forwardBackwardNative(sequences, { name, config }, inputs);
    const { gradientNorm: theirs } = await policy.optimizerStep(still);
    console.log(`${name}: gradient norm ${ours} by the surrogate, ${theirs} by the server`);
    assert.ok(Math.abs(ours / theirs - 1) < 1e-5, `${name}: the gradient norms differ`);
  }
}

/** What is found out about the server before a run. */
async function checkServer(url: string): Promise<void> {
  const session = await openTinker({ url });
  const probe = await session.createModel((await session.models())[0]!, { rank: 4, seed: 1 });
  assert.equal(await detectReduction(probe, tokenizer.encode('one two three')), 'mean');
  await probe.unload();
  session.close();
  await assert.rejects(open(url, { nativeLoss: { name: 'gspo' } }), /the server does not take the loss 'gspo'/);
  console.log('it takes means, and has no gspo');
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

async function attempt(from: Checkpoint | undefined): Promise<void> {
  const policy = await open(server.url);
  if (from) await policy.load(from.folder);
  const trackers = [follow];
  const startStep = from?.state.step ?? 0;
  await train({ settings, folder, policy, dataset, rewards: [printable], startStep, trackers }).finally(() =>
    policy.dispose(),
  );
}

async function follow(event: RunEvent): Promise<void> {
  if (event.type !== 'step') return;
  const totals = event.rollouts.map(({ total }) => total ?? 0);
  const mean = totals.reduce((sum, total) => sum + total, 0) / totals.length;
  const { grad_norm: norm = NaN, 'sampling/sampling_logp_difference/mean': difference = NaN } = event.metrics;
  const figures = `gradient norm ${norm.toFixed(4)}, sampler's log-probs off by ${difference.toExponential(1)}`;
  console.log(`step ${event.step}: reward ${mean.toFixed(3)}, ${figures}`);
  assert.ok(difference < 1e-3, 'the sampler does not have the weights that are trained');
  rewards.push([event.step, mean]);
  if (event.step === KILLED_AFTER && restarted === undefined) await killAndRestart();
}

let restarted: Promise<void> | undefined;
async function killAndRestart(): Promise<void> {
  await server.kill();
  console.log(`killed the server after step ${KILLED_AFTER}`);
  restarted = start().then((again) => {
    server = again;
    console.log('the server is back');
  });
}

let server: ServerProcess = await start();
try {
  await checkServer(server.url);
  const policy = await open(server.url);
  await compareLosses(policy);
  policy.dispose();

  const losses: string[] = [];
  const onLoss = (message: string) => {
    console.log(message);
    losses.push(message);
  };
  await withRecovery(attempt, undefined, { folder, recoveries: 1, onLoss });
  await restarted;
  assert.equal(losses.length, 1);
  const saved = KILLED_AFTER - (KILLED_AFTER % SAVED_EVERY);
  const steps = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
  assert.deepEqual(rewards.map(([step]) => step), [...steps(1, KILLED_AFTER), ...steps(saved + 1, STEPS)]); // prettier-ignore
  const [lost, again] = [rewards.splice(saved, KILLED_AFTER - saved), rewards.slice(saved, KILLED_AFTER)];
  const mean = (part: typeof rewards) => part.reduce((sum, [, reward]) => sum + reward, 0) / part.length;
  const [first, last] = [mean(rewards.slice(0, 3)), mean(rewards.slice(-3))];
  console.log(`reward ${first.toFixed(3)} in the first three steps, ${last.toFixed(3)} in the last three`);
  // 3,072 tokens each: the difference of two such means has a deviation of 0.012 where nothing is learnt
  assert.ok(last > first + 0.03, 'the reward did not rise');
  assert.deepEqual(again, lost, 'steps that are done again must give what they gave before');
} finally {
  await server.kill();
}
process.exit(0);
