import { expect, test } from '@jest/globals';
import { agreement } from '../../src/evaluation/agreement.js';
import { goldenJson } from '../helpers/golden.js';

interface Case {
  readonly classes: number;
  readonly truth: number[];
  readonly pred: number[];
  readonly accuracy: number;
  readonly balanced: number;
  readonly confusion: number[][];
  readonly kappa: number;
  readonly kappaLinear: number;
  readonly kappaQuadratic: number;
  readonly mae: number;
}
const { cases } = goldenJson<{ cases: Case[] }>('iqa_agreement.json');

test.each(cases.map((value, i) => [i, value] as const))('scikit-learn, case %d', (_, golden) => {
  const { classes, truth, pred } = golden;
  const found = agreement([...Array(classes).keys()], truth, pred);
  expect(found.confusion).toEqual(golden.confusion);
  // stored with nine digits
  expect(found.accuracy).toBeCloseTo(golden.accuracy, 8);
  expect(found.balancedAccuracy).toBeCloseTo(golden.balanced, 8);
  expect(found.kappa).toBeCloseTo(golden.kappa, 8);
  expect(found.linearKappa).toBeCloseTo(golden.kappaLinear, 8);
  expect(found.quadraticKappa).toBeCloseTo(golden.kappaQuadratic, 8);
  expect(found.ordinalError).toBeCloseTo(golden.mae, 8);
});

test('by hand', () => {
  // off by 2 once in 4; expected squared cost 1/16 * (2*1*1 + 4*2*1 + ...) worked out: rows 2 1 1, columns 1 1 2
  const { quadraticKappa, ordinalError } = agreement(['a', 'b', 'c'], ['a', 'a', 'b', 'c'], ['a', 'c', 'b', 'c']);
  const chance = (2 * 1 * 1 + 2 * 2 * 4 + 1 * 1 * 1 + 1 * 2 * 1 + 1 * 1 * 4 + 1 * 1 * 1) / 4;
  expect(quadraticKappa).toBeCloseTo(1 - 4 / chance, 12);
  expect(ordinalError).toBe(0.5);
});

test('a class that never is the true one has no recall', () => {
  const { balancedAccuracy } = agreement(['a', 'b', 'c'], ['a', 'a', 'b', 'b'], ['a', 'c', 'b', 'b']);
  expect(balancedAccuracy).toBe((0.5 + 1) / 2);
});

test('nothing to measure is null, also where chance always agrees', () => {
  const none = agreement(['a', 'b'], [], []);
  expect(none).toMatchObject({ count: 0, accuracy: null, balancedAccuracy: null, kappa: null, ordinalError: null });
  expect(agreement(['a', 'b'], ['a', 'a'], ['a', 'a'])).toMatchObject({ accuracy: 1, kappa: null, quadraticKappa: null }); // prettier-ignore
});

test('refuses unequal lengths and unknown classes', () => {
  expect(() => agreement(['a'], ['a'], [])).toThrow('agreement: expected as many true as named classes, got 1 and 0');
  expect(() => agreement(['a', 'b'], ['a'], ['c' as 'a'])).toThrow("agreement: expected one of a, b, got 'c'");
});
