import { expect, test } from '@jest/globals';
import seedrandom from 'seedrandom';
import { bootstrapInterval, quantile } from '../../src/evaluation/bootstrap.js';
import { gaussian } from '../../src/random.js';

const meanOf = (values: readonly number[]) => (indices: readonly number[]) =>
  indices.reduce((sum, i) => sum + values[i]!, 0) / indices.length;

test('covers the mean of a normal about as often as it says', () => {
  const normal = gaussian(seedrandom('coverage'));
  let covered = 0;
  for (let trial = 0; trial < 300; trial++) {
    const values = Array.from({ length: 50 }, normal);
    const { low, high } = bootstrapInterval(50, meanOf(values), { seed: `${trial}`, resamples: 400 })!;
    covered += Number(low <= 0 && 0 <= high);
  }
  // percentile intervals of 50 cover a little less than they say (about .94); 3 deviations of 300 trials are .04
  expect(covered / 300).toBeGreaterThan(0.9);
  expect(covered / 300).toBeLessThan(0.985);
});

test('its width is that of the normal approximation', () => {
  const values = Array.from({ length: 400 }, (_, i) => i / 400);
  const { low, high } = bootstrapInterval(400, meanOf(values), { seed: 'w', resamples: 4000 })!;
  const wanted = (2 * 1.96 * Math.sqrt(1 / 12)) / 20; // uniform on [0, 1], 400 values
  expect(Math.abs((high - low) / wanted - 1)).toBeLessThan(0.08); // 4000 resamples place a quantile to a few percent
  const narrow = bootstrapInterval(400, meanOf(values), { seed: 'w', resamples: 4000, level: 0.5 })!;
  expect((narrow.high - narrow.low) / (high - low)).toBeCloseTo(0.6745 / 1.96, 1);
});

test('draws as many items as there are, each of them, again and again', () => {
  const drawn = new Set<number>();
  bootstrapInterval(7, (indices) => { expect(indices).toHaveLength(7); indices.forEach((i) => drawn.add(i)); return 0; }, { seed: '' }); // prettier-ignore
  expect([...drawn].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('the same seed, the same interval; another seed, another', () => {
  const of = (seed: string) => bootstrapInterval(9, meanOf([3, 1, 4, 1, 5, 9, 2, 6, 5]), { seed, resamples: 50 });
  expect(of('a')).toEqual(of('a'));
  expect(of('a')).not.toEqual(of('b'));
});

test('null for fewer than two items, and where too many resamples leave it undefined', () => {
  expect(bootstrapInterval(1, () => 1, { seed: '' })).toBeNull();
  expect(bootstrapInterval(5, () => null, { seed: '' })).toBeNull();
  expect(bootstrapInterval(5, (own) => (own[0] === 0 ? null : 1), { seed: '' })).toBeNull(); // a fifth of them
  expect(bootstrapInterval(50, (own) => (own[0] === 0 ? null : 1), { seed: '' })).toEqual({ low: 1, high: 1 });
});

test('refuses a level outside (0, 1) and a single resample', () => {
  expect(() => bootstrapInterval(5, () => 1, { seed: '', level: 95 })).toThrow('level must be inside (0, 1), got 95');
  expect(() => bootstrapInterval(5, () => 1, { seed: '', resamples: 1 })).toThrow('resamples must be at least 2');
});

test('quantiles as numpy takes them', () => {
  expect([0, 0.25, 0.5, 0.9, 1].map((share) => quantile([1, 2, 4, 8], share))).toEqual([1, 1.75, 3, 6.8, 8].map((v) => expect.closeTo(v, 12))); // prettier-ignore
});
