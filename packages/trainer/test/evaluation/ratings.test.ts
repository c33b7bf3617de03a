import { expect, test } from '@jest/globals';
import { combineRatings, type ImageRatings } from '../../src/evaluation/ratings.js';

const images: ImageRatings[] = [
  { image: 'a', label: 4, ratings: [1, 2, 5] },
  { image: 'b', label: 2, ratings: [3, null, 4] },
  { image: 'c', label: 3, ratings: [null, null, null] },
];

test('mean or median of what can be read; an image without any is left out and named', () => {
  const mean = combineRatings(images);
  expect(mean.ratings).toEqual([8 / 3, 3.5]);
  expect(mean.labels).toEqual([4, 2]);
  expect(mean).toMatchObject({ answers: 9, unreadable: 4, leftOut: ['c'] });
  expect(combineRatings(images, { combine: 'median' }).ratings).toEqual([2, 3.5]);
  // deviations: of 1 2 5 is sqrt(13/3), of 3 4 is sqrt(1/2)
  expect(mean.withinImage).toBeCloseTo((Math.sqrt(13 / 3) + Math.sqrt(1 / 2)) / 2, 12);
});

test.each([
  ['middle', [8 / 3, 10 / 3, 3]],
  ['worst', [8 / 3, 12 / 3, 1]], // b's label is below the middle, so its stand-in is 5; c's is not
] as const)('unreadable answers count as %s', (unreadable, expected) => {
  const { ratings, unreadable: count, leftOut } = combineRatings(images, { unreadable });
  expect(ratings).toEqual(expected);
  expect([count, leftOut]).toEqual([4, []]); // counted all the same
});

test('random stand-ins follow the seed and stay on the scale', () => {
  const of = (seed: string) => combineRatings(images, { unreadable: 'random', seed }).ratings;
  expect(of('a')).toEqual(of('a'));
  expect(of('a')).not.toEqual(of('b'));
  const many = combineRatings([{ image: 'a', label: 3, ratings: Array<null>(2000).fill(null) }], { unreadable: 'random' }); // prettier-ignore
  expect(Math.abs(many.ratings[0]! - 3)).toBeLessThan(0.1); // deviation of the mean of 2000: .026
});

test('one answer an image has no spread; nothing gives nothing', () => {
  expect(combineRatings([{ image: 'a', label: 3, ratings: [2] }]).withinImage).toBeNull();
  expect(combineRatings([])).toMatchObject({ ratings: [], labels: [], answers: 0, leftOut: [] });
});

test('names the image whose number is not finite', () => {
  expect(() => combineRatings([{ image: 'a', label: NaN, ratings: [2] }])).toThrow("image 'a': expected finite numbers, got NaN"); // prettier-ignore
  expect(() => combineRatings([{ image: 'b', label: 1, ratings: [Infinity] }])).toThrow("image 'b': expected finite numbers, got Infinity"); // prettier-ignore
});
