import { describe, expect, test } from '@jest/globals';
import { isInformative } from '@q-insight/core';
import type { BatchReward, Reward } from '@q-insight/rewards';
import type { Recipe } from '../src/config/schema.js';
import type { TrainingRun } from '../src/training/training-run.js';
import { fakeSettings } from './fake-run.js';
import { trainSteps, type StepEvent } from './helpers/train-steps.js';

/** Groups of two: about half of them have equal rewards. */
async function run(grpo: NonNullable<Recipe['grpo']>, overrides: Partial<TrainingRun> = {}): Promise<StepEvent[]> {
  const settings = fakeSettings({ steps: 3, grpo: { groupSize: 2, promptsPerStep: 4, maxTokens: 4, ...grpo } });
  return (await trainSteps({ settings, ...overrides })).steps;
}

/** Rewards of each group of a step. */
function groupsOf({ rollouts }: StepEvent): (number | null)[][] {
  const groups = new Map<string, (number | null)[]>();
  for (const { group, total } of rollouts) groups.set(group, [...(groups.get(group) ?? []), total]);
  return [...groups.values()];
}

describe('dynamic sampling', () => {
  test('fills a step with groups that teach something, each of another prompt', async () => {
    const plain = await run({});
    expect(plain.some((step) => !groupsOf(step).every((rewards) => isInformative(rewards)))).toBe(true);
    expect(plain[0]!.metrics).not.toHaveProperty(['sampling/rounds']);
    for (const step of await run({ dynamicSampling: {} })) {
      expect(groupsOf(step)).toHaveLength(4);
      expect(groupsOf(step).every((rewards) => isInformative(rewards))).toBe(true);
      expect(new Set(step.rollouts.map(({ prompt }) => prompt.id)).size).toBe(4);
      expect(new Set(step.rollouts.map(({ id }) => id)).size).toBe(8);
      expect(step.metrics['frac_reward_zero_std']).toBe(0);
    }
  });

  test('the first round is the step as it would be without', async () => {
    const [plain, dynamic] = [await run({}), await run({ dynamicSampling: { maxRounds: 1 } })];
    const texts = ({ rollouts }: StepEvent) => rollouts.map(({ id, completion }) => [id, completion.text]);
    const good = new Set(texts(dynamic[0]!).map(([id]) => id));
    expect(texts(plain[0]!).filter(([id]) => good.has(id))).toEqual(texts(dynamic[0]!));
  });

  test('gives the same run again', async () => {
    const texts = (steps: StepEvent[]) =>
      steps.map(({ rollouts }) => rollouts.map(({ completion }) => completion.text));
    expect(texts(await run({ dynamicSampling: {} }))).toEqual(texts(await run({ dynamicSampling: {} })));
  });

  test('trains on fewer groups when its rounds are used up, and says so', async () => {
    const [step] = await run({ dynamicSampling: { maxRounds: 1 } });
    const kept = groupsOf(step!).length;
    expect(kept).toBeLessThan(4);
    expect(step!.metrics).toMatchObject({
      'sampling/rounds': 1,
      'sampling/kept_groups': kept,
      'sampling/rejected_groups': 4 - kept,
    });
  });

  test('a band on the mean reward decides instead, when given', async () => {
    const [step] = await run({ groupSize: 8, dynamicSampling: { band: [0.4, 0.6], maxRounds: 30 } });
    for (const rewards of groupsOf(step!)) {
      const mean = rewards.reduce<number>((sum, reward) => sum + reward!, 0) / rewards.length;
      expect(mean).toBeGreaterThan(0.4);
      expect(mean).toBeLessThan(0.6);
    }
  });

  test('asks every prompt at most once, and trains on the first round where none teaches anything', async () => {
    let asked = 0;
    const same: Reward = { name: 'same', range: [0, 1], score: () => Math.sign(++asked) };
    const [step] = await run({ dynamicSampling: { maxRounds: 100 } }, { rewards: [same] });
    expect(groupsOf(step!)).toEqual(Array(4).fill([1, 1]));
    expect(step!.rollouts.every(({ advantage }) => advantage === 0)).toBe(true);
    expect(step!.metrics).toMatchObject({ 'sampling/kept_groups': 0, 'sampling/rounds': 10 });
    expect(asked).toBe(3 * 40 * 2);
  });
});

test('a reward that compares prompts is given all completions of a step at once, one within groups each by itself', async () => {
  const calls: Record<string, number[]> = { batch: [], group: [] };
  const counting = (scope: 'batch' | 'group'): BatchReward => ({
    name: scope,
    range: [0, 1],
    scope,
    scoreBatch(samples) {
      calls[scope]!.push(samples.length);
      return new Map(samples.map(({ id }, i) => [id, i % 2]));
    },
  });
  const steps = await run({}, { rewards: [counting('batch'), counting('group')] });
  expect(calls['batch']).toEqual([8, 8, 8]);
  expect(calls['group']).toEqual(Array(12).fill(2));
  expect(steps[0]!.rollouts.map(({ rewards }) => rewards['batch'])).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
});

test('a curriculum decides which prompts a step trains on', async () => {
  const steps = await run({}, { curriculum: (step) => [step, step + 1] });
  const asked = steps.map(({ rollouts }) => [...new Set(rollouts.map(({ prompt }) => prompt.id))]);
  expect(asked).toEqual([['blur-1', 'blur-2'], ['blur-2', 'blur-3'], ['blur-3', 'blur-4']]); // prettier-ignore
});
