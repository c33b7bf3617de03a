import { describe, expect, test } from '@jest/globals';
import { lossOptions } from '../src/training/loss-options.js';
import { learningRateAt } from '../src/models/schedules.js';
import { promptIndices } from '../src/training/prompt-order.js';
import { rewardsOf } from '../src/training/rewards.js';
import { stopwatch } from '../src/training/stopwatch.js';
import { fakeSettings } from './fake-run.js';

describe('learningRateAt', () => {
  const rates = (schedule: 'linear' | 'cosine' | 'constant', warmupSteps: number) =>
    [0, 1, 2, 3, 4].map((step) => learningRateAt(step, { totalSteps: 5, learningRate: 1, schedule, warmupSteps }));

  // get_linear_schedule_with_warmup and its siblings of Hugging Face transformers, lr_lambda(0) to lr_lambda(4)
  test('linear', () => {
    expect(rates('linear', 0)).toEqual([1, 1 - 1 / 5, 1 - 2 / 5, 1 - 3 / 5, 1 - 4 / 5]);
    expect(rates('linear', 2)).toEqual([0, 0.5, 1, 1 - 1 / 3, 1 - 2 / 3]);
  });
  test('cosine', () => {
    rates('cosine', 0).forEach((rate, i) => expect(rate).toBeCloseTo(0.5 * (1 + Math.cos((Math.PI * i) / 5)), 15));
  });
  test('constant', () => {
    expect(rates('constant', 1)).toEqual([0, 1, 1, 1, 1]);
  });
});

describe('promptIndices', () => {
  test('every pass shows each prompt once, each pass in another order', () => {
    const steps = Array.from({ length: 10 }, (_, i) => promptIndices(10, 3, i + 1, 0)).flat();
    const passes = [steps.slice(0, 10), steps.slice(10, 20), steps.slice(20, 30)];
    for (const pass of passes) expect([...pass].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(passes.map(String)).size).toBe(3);
  });
  test('follows from seed and step alone', () => {
    expect(promptIndices(100, 4, 7, 'a')).toEqual(promptIndices(100, 4, 7, 'a'));
    expect(promptIndices(100, 4, 7, 'a')).not.toEqual(promptIndices(100, 4, 7, 'b'));
  });
  test('a dataset smaller than a step is gone through several times; an empty one is an error', () => {
    expect([...promptIndices(2, 5, 1, 0)].filter((index) => index === 0).length).toBeGreaterThanOrEqual(2);
    expect(() => promptIndices(0, 1, 1, 0)).toThrow('promptIndices: the dataset must hold at least one prompt, got 0');
  });
});

describe('lossOptions', () => {
  test("the preset's numbers, Q-Insight's by default", () => {
    const { beta, advantages, loss, aggregation } = lossOptions(fakeSettings().grpo);
    expect(beta).toBe(0.001);
    expect(advantages).toEqual({ scale: 'group', ddof: 1, epsilon: 1e-4 });
    expect(loss).toMatchObject({
      policy: { clipLow: 0.2, clipHigh: 0.2 },
      kl: { coefficient: 0.001, estimator: 'k3' },
    });
    expect(aggregation.mode).toBe('sequence-mean-token-mean');
  });
  test('the names of TRL and verl stand for a mode, with what each means by an empty completion', () => {
    const named = (aggregation: string) =>
      lossOptions(fakeSettings({ grpo: { aggregation: aggregation as 'dapo', maxTokens: 8 } }).grpo).aggregation;
    expect(named('dr_grpo')).toEqual({ mode: 'constant', emptySequences: 'count', length: 8 });
    expect(named('seq-mean-token-sum')).toEqual({ mode: 'sequence-mean-token-sum', emptySequences: 'skip' });
    expect(() => named('seq-mean')).toThrow(/aggregation/);
  });
  test('the settings go over the preset, and only where they speak', () => {
    const grpo = {
      preset: 'dapo',
      beta: 0.04,
      clipLow: 0.1,
      scale: 'none',
      aggregation: 'constant',
      maxTokens: 77,
    } as const;
    const { beta, advantages, loss, aggregation } = lossOptions(fakeSettings({ grpo }).grpo);
    expect(beta).toBe(0.04);
    expect(advantages).toMatchObject({ scale: 'none', epsilon: 1e-6 });
    expect(loss).toMatchObject({ policy: { clipLow: 0.1, clipHigh: 0.28 }, kl: { coefficient: 0.04 } });
    expect(aggregation).toMatchObject({ mode: 'constant', length: 77 });
  });
  test('a beta of 0 turns the KL term off', () => {
    expect(lossOptions(fakeSettings({ grpo: { beta: 0 } }).grpo)).toMatchObject({
      beta: 0,
      loss: { kl: { coefficient: 0 } },
    });
  });
});

test('rewards of weight 0 are left out', () => {
  const { rewards, weights } = rewardsOf(fakeSettings({ rewards: { weights: { score: 0, format: 0.5 } } }).rewards);
  expect(rewards.map(({ name }) => name)).toEqual(['format', 'degradation', 'comparison']);
  expect(weights).toEqual({ format: 0.5, degradation: 1, comparison: 1 });
});

test('rewards of other systems with their weights; a weight for a reward that is not there is refused', () => {
  const settings = (rewards: object) => rewardsOf(fakeSettings({ rewards }).rewards);
  expect(settings({ preset: 'visualquality-r1' }).weights).toEqual({ thinkAnswerFormat: 1, fidelity: 1 });
  const { rewards, weights } = settings({ preset: 'preresq-r1', weights: { triplet: 0, intraGroup: 2 } });
  expect(rewards.map(({ name }) => name)).toEqual(['matchedPair', 'attributeSpread', 'intraGroup']);
  expect(weights).toEqual({ matchedPair: 0.375, attributeSpread: 1, intraGroup: 2 });
  expect(() => settings({ preset: 'visualquality-r1', weights: { score: 1 } })).toThrow(/is no reward of visualquality-r1, which has thinkAnswerFormat, fidelity/); // prettier-ignore
});

test('a stopwatch times parts that add up', () => {
  let now = 10;
  const watch = stopwatch(() => now);
  now = 12;
  watch.lap('a');
  now = 17;
  watch.lap('b');
  now = 99;
  expect(watch.laps()).toEqual({ a: 2, b: 5 });
  expect(watch.total()).toBe(7);
});
