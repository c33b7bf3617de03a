import { expect, test } from '@jest/globals';
import { probabilityDifferenceReward } from '../../src/index.js';
import { BLUR_LABEL, sampleOf } from '../samples.js';

const RIGHT = '<think>a</think><answer>{"rating": 3.6}</answer>'; // the label is 3.1: off by 0.5, which still counts
const said = (completion: string, think: unknown, noThink: unknown): number | null =>
  probabilityDifferenceReward().score({
    ...sampleOf(completion),
    metadata: { thinkProbability: think, noThinkProbability: noThink },
  }) as number | null;

test('d · ⌊r / 2⌋: only a fully right completion earns what its reasoning gains', () => {
  expect(said(RIGHT, 0.9, 0.65)).toBeCloseTo(0.25, 12);
  expect(said(RIGHT, 0.2, 0.65)).toBe(0);
  expect(said('<answer>{"rating": 3.6}</answer>', 0.9, 0.6)).toBe(0);
  expect(said(RIGHT.replace('3.6', '3.7'), 0.9, 0.6)).toBe(0);
});

test('does not apply without probabilities, or to other tasks', () => {
  expect(said(RIGHT, 0.9, undefined)).toBeNull();
  expect(probabilityDifferenceReward().score(sampleOf(RIGHT))).toBeNull();
  expect(probabilityDifferenceReward().score(sampleOf(RIGHT, BLUR_LABEL))).toBeNull();
});

test.each([1.5, -0.1, NaN, '0.5'])('%p is no probability', (value) => {
  expect(() => said(RIGHT, value, 0.5)).toThrow('metadata.thinkProbability must be a number in [0, 1]');
});
