import { describe, expect, test } from '@jest/globals';
import type { Rollout } from '../../src/tracking/events.js';
import { meanOfEach, rolloutMetrics } from '../../src/tracking/step-metrics.js';
import { fakeDataset } from '../fake-policy.js';

const prompt = await fakeDataset().get(0);
const rollout = (
  total: number | null,
  length: number,
  finishReason: 'stop' | 'length',
  score: number | null,
): Rollout => ({
  id: '1',
  group: '1',
  prompt,
  completion: { tokens: Array<number>(length).fill(0), text: '', samplerLogps: [], finishReason },
  rewards: { format: 1, score },
  total,
  advantage: 0,
});

describe('rolloutMetrics', () => {
  test('TRL: reward_std is the mean of the groups deviations, frac_reward_zero_std the share of groups without any', () => {
    const groups = [
      [rollout(0, 1, 'stop', 0), rollout(2, 3, 'length', 1)], // deviation sqrt(2)
      [rollout(1, 2, 'stop', null), rollout(1, 2, 'stop', null)], // deviation 0
    ];
    expect(rolloutMetrics(groups)).toEqual({
      reward: 1,
      reward_std: Math.SQRT2 / 2,
      frac_reward_zero_std: 0.5,
      'rewards/format/mean': 1,
      'rewards/format/std': 0,
      'rewards/score/mean': 0.5, // of the two it applies to
      'rewards/score/std': Math.SQRT1_2,
      'tasks/degradation/reward': 1,
      'tasks/degradation/completions': 4,
      'tasks/degradation/mean_length': 2,
      unscorable: 0,
      'completions/count': 4,
      'completions/mean_length': 2,
      'completions/min_length': 1,
      'completions/max_length': 3,
      'completions/clipped_ratio': 0.25,
    });
  });

  test('completions that no reward applies to are counted and left out of the means', () => {
    const metrics = rolloutMetrics([[rollout(null, 1, 'stop', null), rollout(2, 1, 'stop', null)]]);
    expect(metrics).toMatchObject({ unscorable: 1, reward: 2 });
    expect(metrics).not.toHaveProperty(['rewards/score/mean']);
  });
});

test('each task of a step has its own reward and length', () => {
  const score = { ...prompt, label: { task: 'score', score: 3 } as const };
  const metrics = rolloutMetrics([
    [rollout(0, 1, 'stop', 0), rollout(1, 3, 'stop', 0)],
    [
      { ...rollout(2, 8, 'stop', 1), prompt: score },
      { ...rollout(null, 10, 'stop', 1), prompt: score },
    ],
  ]);
  expect(metrics).toMatchObject({
    'tasks/degradation/reward': 0.5,
    'tasks/degradation/mean_length': 2,
    'tasks/score/reward': 2, // of the one that can be judged
    'tasks/score/completions': 2,
    'tasks/score/mean_length': 9,
  });
});

test('entropy is the mean of -log p over all sampled tokens, not over answers', () => {
  const drawn = (samplerLogps: number[]): Rollout => {
    const base = rollout(1, samplerLogps.length, 'stop', 1);
    return { ...base, completion: { ...base.completion, samplerLogps } };
  };
  expect(rolloutMetrics([[drawn([-1, -2]), drawn([-6])]])['sampling/entropy']).toBe(3);
  expect(rolloutMetrics([[drawn([])]])).not.toHaveProperty(['sampling/entropy']);
});

test('meanOfEach averages each figure over the records that have it', () => {
  expect(meanOfEach([{ a: 1, b: 2 }, { a: 3 }])).toEqual({ a: 2, b: 2 });
});
