import { expect, test } from '@jest/globals';
import { rewardAdvantages, type RewardTable, type Sample } from '../../src/index.js';
import { sampleOf } from '../samples.js';

const ACCURACY = [1, 0, 0, 1, 1, 1, 0, 0];
const FORMAT = [1, 1, 0, 0, 1, 1, 1, 1];
const SAMPLES: Sample[] = ACCURACY.map((_, i) => ({ ...sampleOf('', undefined, `s${i}`), group: i < 4 ? 'a' : 'b' }));
const TABLE: RewardTable = {
  names: ['accuracy', 'format'],
  ids: SAMPLES.map((sample) => sample.id),
  values: ACCURACY.map((value, i) => [value, FORMAT[i]!]),
  totals: ACCURACY.map((value, i) => value + FORMAT[i]!),
};
const rounded = (values: Iterable<number>): number[] => Array.from(values, (value) => Number(value.toFixed(6)));

test('sum then normalise: GRPO on the totals', () => {
  // group a: totals 2, 1, 0, 1, mean 1, std √(2/3); group b: 2, 2, 1, 1, mean 1.5, std √(1/3)
  const a = 1 / (Math.sqrt(2 / 3) + 1e-4);
  const b = 0.5 / (Math.sqrt(1 / 3) + 1e-4);
  expect(rounded(rewardAdvantages(TABLE, SAMPLES).advantages)).toEqual(rounded([a, 0, -a, 0, b, b, -b, -b]));
});

test('normalise then sum: GDPO', () => {
  // group a: both columns are ±z, z = 0.5 / (√(1/3) + 1e-4) = 0.865876: sums 2z, 0, -2z, 0; group b: format is constant, so the
  // sums are z, z, -z, -z. Over the batch: mean 0, std √(12 z² / 7): divided by it (+ 1e-4) 1.527391, 0, …, 0.763695, …
  expect(rounded(rewardAdvantages(TABLE, SAMPLES, { order: 'normalize-then-sum' }).advantages)).toEqual(
    [1.527391, 0, -1.527391, 0, 0.763695, 0.763695, -0.763695, -0.763695],
  ); // prettier-ignore
});

test('normalise then sum: weights by name', () => {
  const options = { order: 'normalize-then-sum', weights: { format: 0 } } as const;
  // accuracy alone: ±z in both groups, std √(8 z² / 7)
  const z = 0.5 / (Math.sqrt(1 / 3) + 1e-4);
  const one = z / (z * Math.sqrt(8 / 7) + 1e-4);
  expect(rounded(rewardAdvantages(TABLE, SAMPLES, options).advantages)).toEqual(
    rounded(ACCURACY.map((value) => (value === 1 ? one : -one))),
  );
});

test('samples are found by id, whatever their order', () => {
  const inOrder = rewardAdvantages(TABLE, SAMPLES).advantages;
  expect(rewardAdvantages(TABLE, SAMPLES.toReversed()).advantages).toEqual(inOrder);
  expect(() => rewardAdvantages(TABLE, SAMPLES.slice(1))).toThrow('the table has a row "s0" that is no sample');
});

test('a weight for no column is refused', () => {
  const options = { order: 'normalize-then-sum', weights: { style: 1 } } as const;
  expect(() => rewardAdvantages(TABLE, SAMPLES, options)).toThrow('a weight is given for "style", which is no column');
});
