import { expect, test } from '@jest/globals';
import seedrandom from 'seedrandom';
import * as blur from '../../../src/images/degradations/blur.js';
import { borderIndex } from '../../../src/images/degradations/convolve.js';
import { flat, scene } from './synthetic.js';

/** A white column at x = 32 on black: the blurred row is the kernel summed over its rows. */
function line() {
  const image = flat(65, 65, 0);
  for (let y = 0; y < 65; y++) image.data.fill(255, (y * 65 + 32) * 3, (y * 65 + 33) * 3);
  return image;
}
const row = (data: Uint8Array, y: number) => Array.from({ length: 65 }, (_, x) => data[(y * 65 + x) * 3]!);

test.each(Object.entries(blur))('%s leaves a flat image flat', (_, degradation) => {
  const image = flat(40, 30, 90);
  const { data } = degradation(image, 4, seedrandom('b'));
  expect(Math.max(...data.map((value) => Math.abs(value - 90)))).toBeLessThanOrEqual(1); // truncation
});

test('gaussian spreads a line by the bell of its sigma', () => {
  const profile = row(blur.gaussianBlur(line(), 3, seedrandom('b')).data, 32);
  // cut at 4 sigma = 12 pixels, where the bell holds .99994 of its weight: no grey level of difference
  const bell = profile.map((_, x) => (255 / (3 * Math.sqrt(2 * Math.PI))) * Math.exp(-((x - 32) ** 2) / 18));
  expect(profile).toEqual(bell.map(Math.floor));
});

test('lens at severity 1: the disk of radius 2 has 13 pixels, 5 of them in its middle column', () => {
  const profile = row(blur.lens(line(), 1, seedrandom('b')).data, 32);
  expect(profile.slice(29, 36)).toEqual([0, 1, 3, 5, 3, 1, 0].map((count) => Math.floor((255 * count) / 13)));
});

test('motion moves a line to one side only', () => {
  const { data } = blur.motion(line(), 1, seedrandom('b'));
  const profile = row(data, 32);
  const left = profile.slice(0, 32).reduce((sum, value) => sum + value, 0);
  const right = profile.slice(33).reduce((sum, value) => sum + value, 0);
  expect(Math.min(left, right)).toBe(0);
});

test('zoom keeps the centre and blurs the rim', () => {
  const image = scene(65, 65);
  const { data } = blur.zoom(image, 5, seedrandom('b'));
  const sums = { centre: [0, 0], rim: [0, 0] };
  for (let i = 0; i < data.length; i++) {
    const radius = Math.hypot((Math.floor(i / 3) % 65) - 32, Math.floor(i / 195) - 32);
    const zone = radius < 5 ? sums.centre : radius > 30 ? sums.rim : undefined;
    if (zone === undefined) continue;
    zone[0]! += Math.abs(data[i]! - image.data[i]!);
    zone[1]! += 1;
  }
  const [centre, rim] = [sums.centre, sums.rim].map(([sum, count]) => sum! / count!);
  expect(rim! / centre!).toBeGreaterThan(2);
});

test('jitter moves pixels by at most its shift and makes no new colours', () => {
  const image = flat(65, 65, 0);
  for (let i = 0; i < 65 * 65; i++) image.data[i * 3] = i % 65; // red = column
  const { data } = blur.jitter(image, 1, seedrandom('b'));
  const moved = Array.from({ length: 65 * 65 }, (_, i) => data[i * 3]! - (i % 65));
  // a copied pixel may itself have been copied, but each copy reads at most one column away to the right of it
  expect(moved.some((by) => by !== 0)).toBe(true);
  expect(Math.max(...moved)).toBe(0);
  expect(moved.filter((by) => by < -1)).toHaveLength(0);
});

test('borders', () => {
  expect([-2, -1, 0, 4, 5, 6].map((i) => borderIndex(i, 5, 'nearest'))).toEqual([0, 0, 0, 4, 4, 4]);
  expect([-2, -1, 0, 4, 5, 6].map((i) => borderIndex(i, 5, 'reflect101'))).toEqual([2, 1, 0, 4, 3, 2]);
});
