import { describe, expect, test } from '@jest/globals';
import { microBatches, type MicroBatch, type MicroBatchOptions } from '../src/training/micro-batch.js';
import type { Rollout } from '../src/tracking/events.js';

/** A completion of so many tokens. */
const rollout = (group: string, total: number | null, tokens: number): Rollout => ({
  id: `${group}/${total}/${tokens}`,
  group,
  total,
  advantage: total ?? 0,
  rewards: {},
  completion: {
    tokens: Array<number>(tokens).fill(1),
    samplerLogps: Array<number>(tokens).fill(-1),
    text: '',
    finishReason: 'stop',
  },
  prompt: { id: group, messages: [], label: { task: 'score', score: 3 } },
});

const rollouts = [
  rollout('dead', 1, 4),
  rollout('alive', 0, 1),
  rollout('dead', 1, 2),
  rollout('alive', 1, 3),
  rollout('unscored', null, 5),
  rollout('unscored', null, 1),
];

const cut = (zeroVariance: MicroBatchOptions['zeroVariance'], microBatch = 4, all = rollouts) =>
  microBatches(all, { microBatch, zeroVariance, aggregation: { mode: 'token-mean' } });

const sumOf = (parts: readonly MicroBatch[], name: 'weights' | 'policyWeights') =>
  parts.flatMap((part) => [...(part[name]?.data ?? [])]).reduce((sum, weight) => sum + weight, 0);
const tokens = (parts: readonly MicroBatch[]) =>
  parts.flatMap(({ sequences }) => sequences.map((s) => s.completion.length));

describe('completions of groups with equal rewards', () => {
  test('count in the mean', () => {
    const parts = cut('keep');
    expect(tokens(parts)).toEqual([4, 1, 2, 3, 5, 1]);
    expect(parts.map(({ policyWeights }) => policyWeights)).toEqual([undefined, undefined]);
    expect(parts[0]!.weights.get(0, 0)).toBe(1 / 16);
  });

  test('leave the policy loss and stay in the KL', () => {
    const parts = cut('mask-policy');
    expect(tokens(parts)).toEqual([4, 1, 2, 3, 5, 1]);
    expect(sumOf(parts, 'weights')).toBeCloseTo(1, 12);
    expect(sumOf(parts, 'policyWeights')).toBeCloseTo(1, 12);
    const [first] = parts;
    expect([0, 1, 2, 3].map((row) => first!.policyWeights!.get(row, 0))).toEqual([0, 1 / 4, 0, 1 / 4]);
  });

  test('do not go through the model', () => {
    const parts = cut('drop');
    expect(tokens(parts)).toEqual([1, 3]);
    expect(sumOf(parts, 'weights')).toBeCloseTo(1, 12);
  });

  test('are all there is when there are no others', () => {
    const dead = rollouts.filter(({ group }) => group !== 'alive');
    expect(tokens(cut('drop', 4, dead))).toEqual([4, 2, 5, 1]);
    expect(sumOf(cut('mask-policy', 4, dead), 'policyWeights')).toBe(0);
  });

  test('weigh the same however the batch is cut', () => {
    for (const zeroVariance of ['keep', 'mask-policy', 'drop'] as const) {
      for (const name of ['weights', 'policyWeights'] as const) {
        const counted = (size: number) =>
          cut(zeroVariance, size).flatMap((part) => [...(part[name]?.data ?? [])].filter((weight) => weight > 0));
        expect(counted(1)).toEqual(counted(6));
      }
    }
  });
});
