import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { qInsightRewards } from '@q-insight/rewards';
import { finalCheckpoint, latestCheckpoint, listCheckpoints } from '../src/checkpoints.js';
import type { Recipe } from '../src/config/schema.js';
import { train } from '../src/loop.js';
import type { TrainingRun } from '../src/training/training-run.js';
import type { Policy } from '../src/policies/policy.js';
import type { RunEvent, StepMetrics } from '../src/tracking/events.js';
import { isMachineFigure } from '../src/tracking/memory.js';
import { fakeDataset, fakePolicy } from './fake-policy.js';
import { fakeSettings } from './fake-run.js';
import { temporaryFolder } from './helpers/temporary.js';

/** Trains the fake policy and returns all that was told about it. */
async function run(changes: Partial<Recipe> = {}, overrides: Partial<TrainingRun> = {}) {
  const events: RunEvent[] = [];
  const folder = overrides.folder ?? temporaryFolder();
  const policy = overrides.policy ?? fakePolicy();
  const result = await train({
    settings: fakeSettings(changes),
    folder,
    dataset: fakeDataset(),
    rewards: qInsightRewards(),
    trackers: [(event) => void events.push(event)],
    ...overrides,
    policy,
  });
  const steps = events.filter((event) => event.type === 'step');
  return { result, events, steps, folder, policy };
}

/** What a step did, without how long it took and how much memory. */
const timeless = (metrics: StepMetrics) =>
  Object.fromEntries(Object.entries(metrics).filter(([name]) => !isMachineFigure(name)));

describe('train', () => {
  test('raises the reward to nearly the maximum of 2', async () => {
    const { steps, result } = await run();
    expect(result).toEqual({ outcome: 'finished', step: 60 });
    const reward = (event: (typeof steps)[number]) => event.metrics['reward']!;
    expect(reward(steps[0]!)).toBeLessThan(1);
    expect(reward(steps.at(-1)!)).toBeGreaterThan(1.7);
  });

  test('the same seed gives the same run, step for step; another seed another one', async () => {
    const once = await run({ steps: 5 });
    const again = await run({ steps: 5 });
    const other = await run({ steps: 5, seed: 1 });
    const texts = ({ steps }: typeof once) => steps.map((s) => s.rollouts.map((r) => r.completion.text));
    expect(again.steps.map((s) => timeless(s.metrics))).toEqual(once.steps.map((s) => timeless(s.metrics)));
    expect(texts(again)).toEqual(texts(once));
    expect(texts(other)).not.toEqual(texts(once));
  });

  test('how completions are cut into micro-batches changes nothing but rounding', async () => {
    const whole = await run({ steps: 3, grpo: { maxTokens: 4, microBatch: 32, preset: 'dapo' } });
    const cut = await run({ steps: 3, grpo: { maxTokens: 4, microBatch: 5, preset: 'dapo' } });
    whole.steps.forEach(({ metrics }, i) => {
      for (const name of ['loss', 'grad_norm', 'reward', 'tokens', 'signal']) {
        expect(cut.steps[i]!.metrics[name]).toBeCloseTo(metrics[name]!, 12);
      }
    });
  });

  test('a run resumed from a checkpoint goes on exactly as the uninterrupted one', async () => {
    const whole = await run({ steps: 6, saveEvery: 3, keep: 9 });
    const { folder, state } = listCheckpoints(whole.folder)[0]!;
    expect(state.step).toBe(3);
    const policy = fakePolicy();
    await policy.load(folder);
    const rest = await run({ steps: 6, saveEvery: 3 }, { policy, startStep: 3 });
    expect(rest.steps.map((s) => timeless(s.metrics))).toEqual(whole.steps.slice(3).map((s) => timeless(s.metrics)));
  });

  test('the KL term holds the policy near the model it started from', async () => {
    const free = await run({ steps: 15, grpo: { maxTokens: 4, beta: 0 } });
    const held = await run({
      steps: 15,
      grpo: { maxTokens: 4, beta: 1 },
      optimizer: { learningRate: 1, schedule: 'constant' },
    });
    expect(free.steps.at(-1)!.metrics).not.toHaveProperty('kl');
    expect(held.steps[0]!.metrics['kl']).toBeCloseTo(0, 12); // the first step's policy is the reference
    expect(held.steps.at(-1)!.metrics['kl']).toBeGreaterThan(0);
    expect(held.steps.at(-1)!.metrics['reward']).toBeLessThan(free.steps.at(-1)!.metrics['reward']!);
  });

  test('more updates on the same completions take the ratio away from 1 until it is clipped', async () => {
    const once = await run({ steps: 2, optimizer: { learningRate: 8, schedule: 'constant' } });
    const often = await run({
      steps: 2,
      grpo: { maxTokens: 4, innerEpochs: 4 },
      optimizer: { learningRate: 8, schedule: 'constant' },
    });
    expect(once.steps[0]!.metrics['on_policy']).toBe(1);
    expect(once.steps[0]!.metrics['clip_ratio/region_mean']).toBe(0);
    expect(often.steps[0]!.metrics['on_policy']).toBe(0);
    expect(often.steps[0]!.metrics['clip_ratio/region_mean']).toBeGreaterThan(0);
  });

  test('the ratio is to the log-probs of the first update, which cost no pass of their own', async () => {
    const logprobs = () => Promise.reject(new Error('one pass more'));
    const policy: Policy = { ...fakePolicy(), logprobs };
    const settings = { steps: 2, grpo: { maxTokens: 4, beta: 0, innerEpochs: 2 } };
    await expect(run(settings, { policy })).resolves.toBeDefined();
  });

  test('advantages compare completions of the same prompt only', async () => {
    const { steps } = await run({ steps: 1 });
    const groups = new Map<string, number>();
    for (const { group, advantage } of steps[0]!.rollouts) groups.set(group, (groups.get(group) ?? 0) + advantage);
    expect([...groups.keys()]).toEqual(['1.0', '1.1', '1.2', '1.3']);
    for (const sum of groups.values()) expect(sum).toBeCloseTo(0, 10);
  });

  test('reports figures under TRL names', async () => {
    const { steps } = await run({ steps: 1, grpo: { maxTokens: 4, beta: 0.1 } });
    for (const name of [
      'reward',
      'reward_std',
      'frac_reward_zero_std',
      'rewards/format/mean',
      'rewards/degradation/mean',
      'kl',
      'grad_norm',
      'clip_ratio/low_mean',
      'completions/mean_length',
      'completions/clipped_ratio',
      'learning_rate',
      'tokens_per_second',
      'step_time',
      'memory/rss_bytes',
      'tasks/degradation/reward',
      'sampling/entropy',
      'sampling/sampling_logp_difference/mean',
    ]) {
      expect(steps[0]!.metrics).toHaveProperty([name], expect.any(Number));
    }
    expect(steps[0]!.metrics).not.toHaveProperty(['rewards/score/mean']); // no prompt of that task
    expect(steps[0]!.metrics['sampling/sampling_logp_difference/max']).toBeLessThan(1e-12);
  });

  test('an abort ends the run after the step at hand with a checkpoint and no final model', async () => {
    const stop = new AbortController();
    const folder = temporaryFolder();
    const stopAt2 = (event: RunEvent) => {
      if (event.type === 'step' && event.step === 2) stop.abort();
    };
    const { result } = await run({}, { folder, signal: stop.signal, trackers: [stopAt2] });
    expect(result).toEqual({ outcome: 'interrupted', step: 2 });
    expect(latestCheckpoint(folder)!.state).toMatchObject({ step: 2, steps: 60 });
    expect(finalCheckpoint(folder)).toBeUndefined();
  });

  test('a time limit ends the run with checkpoint and final model', async () => {
    let seconds = 0;
    const clock = () => (seconds += 5);
    const { result, folder } = await run({ timeLimitMinutes: 1 }, { clock });
    expect(result.outcome).toBe('time-limit');
    expect(result.step).toBeLessThan(60);
    expect(latestCheckpoint(folder)!.state.step).toBe(result.step);
    expect(finalCheckpoint(folder)!.state.step).toBe(result.step);
  });

  test('a checkpoint is kept every saveEvery steps, the oldest are removed', async () => {
    const { folder, events } = await run({ steps: 7, saveEvery: 2, keep: 2 });
    expect(listCheckpoints(folder).map(({ state }) => state.step)).toEqual([6, 7]);
    expect(events.filter((e) => e.type === 'checkpoint').map((e) => e.step)).toEqual([2, 4, 6, 7]);
    expect(existsSync(join(folder, 'final', 'fake.json'))).toBe(true);
    // What resuming needs would double the size of what is handed on.
    expect(existsSync(join(folder, 'final', 'optimizer'))).toBe(false);
    expect(existsSync(join(folder, 'checkpoints', 'step-000007', 'optimizer'))).toBe(true);
    const state = JSON.parse(readFileSync(join(folder, 'final', 'trainer.json'), 'utf8')) as unknown;
    expect(state).toMatchObject({ version: 1, step: 7, steps: 7, seed: 0 });
  });

  test.each(['sampling', 'training'])('a log-prob of %s that is NaN stops the run, naming the step', async (which) => {
    const policy = fakePolicy();
    let steps = 0;
    const diverging: Policy = {
      ...policy,
      sample: async (...request) => {
        const groups = await policy.sample(...request);
        const bad = ++steps === 2 && which === 'sampling';
        const spoilt = (values: readonly number[]) => (bad ? values.map(() => NaN) : values);
        return groups.map((group) => group.map((one) => ({ ...one, samplerLogps: spoilt(one.samplerLogps) })));
      },
      forwardBackward: (sequences, loss, options) =>
        policy.forwardBackward(
          sequences,
          (logps) => {
            if (steps === 2) logps.set(0, 0, NaN);
            return loss(logps);
          },
          options,
        ),
    };
    const folder = temporaryFolder();
    await expect(run({ steps: 6, saveEvery: 1 }, { policy: diverging, folder })).rejects.toThrow(
      /^step 2: a log-prob is NaN.*lower optimizer\.learningRate/,
    );
    expect(listCheckpoints(folder).map(({ state }) => state.step)).toEqual([1]);
  });

  test('a failing save leaves the earlier checkpoints as they were', async () => {
    const policy = fakePolicy();
    const save = policy.save.bind(policy);
    let saves = 0;
    const failing = {
      ...policy,
      save: async (to: string) => {
        await save(to);
        if (++saves === 2) throw new Error('disk full');
      },
    };
    const folder = temporaryFolder();
    await expect(run({ steps: 6, saveEvery: 2 }, { policy: failing, folder })).rejects.toThrow('disk full');
    expect(listCheckpoints(folder).map(({ state }) => state.step)).toEqual([2]);
  });
});

describe('reference sync', () => {
  const grpo = { groupSize: 8, promptsPerStep: 4, maxTokens: 4, microBatch: 5, beta: 0.5 };
  const klOf = async (referenceSync?: { every: number; alpha: number }) => {
    const { steps } = await run({ steps: 6, grpo: { ...grpo, ...(referenceSync && { referenceSync }) } });
    return steps.map(({ metrics }) => metrics['kl']!);
  };

  test('moves the reference after every so many steps', async () => {
    const [fixed, synced] = [await klOf(), await klOf({ every: 3, alpha: 1 })];
    expect(synced.slice(0, 3)).toEqual(fixed.slice(0, 3));
    expect(fixed[3]).toBeGreaterThan(0);
    expect(synced[3]).toBe(0); // the reference is the policy after step 3
    expect(synced[4]).toBeGreaterThan(0);
  });

  test('is refused without a KL, on a server, and for a policy that cannot, before it begins', async () => {
    const settings = (changes: object) => fakeSettings({ grpo: { referenceSync: {} }, ...changes });
    expect(() => settings({ grpo: { referenceSync: {}, beta: 0 } })).toThrow(/needs a grpo\.beta above 0/);
    expect(() => settings({ model: { checkpoint: 'x', tinker: { url: 'http://127.0.0.1:1' } } })).toThrow(
      /must be left out with model\.tinker: a server's reference is its base model/,
    );
    settings({ model: { checkpoint: 'x', train: 'lora' } });
    const policy = fakePolicy();
    delete policy.syncReference;
    policy.sample = () => Promise.reject(new Error('it began'));
    await expect(run({ grpo: { ...grpo, referenceSync: {} } }, { policy })).rejects.toThrow(
      'this policy cannot move its reference',
    );
  });
});
