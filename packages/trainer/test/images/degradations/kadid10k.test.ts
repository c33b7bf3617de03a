import { describe, expect, test } from '@jest/globals';
import { degrade } from '../../../src/images/degradations/degrade.js';
import { KADID10K_LADDER } from '../../../src/images/degradations/kadid10k.js';
import { areaInCircle, diskTaps, lineTaps } from '../../../src/images/degradations/kadid/kernels.js';
import type { KadidName } from '../../../src/images/degradations/kadid/parameters.js';
import type { Severity } from '../../../src/images/degradations/samples.js';
import { difference, flat, scene } from './synthetic.js';

const ladder = 'kadid10k';
const image = scene(64, 52);
const grey = flat(128, 128, 128);
const make = (name: KadidName, severity: Severity, seed = 'a', from = image) =>
  degrade(from, { ladder, name, severity, seed });
const sizeOf = async (name: KadidName, severity: Severity) => {
  const { mean, std } = difference(await make(name, severity), image);
  return Math.hypot(mean, std);
};

describe.each(KADID10K_LADDER.filter((name) => name !== 'null'))('%s', (name) => {
  test('is deterministic and leaves its input alone', async () => {
    const before = Uint8Array.from(image.data);
    const first = await make(name, 3);
    expect((await make(name, 3)).data).toEqual(first.data);
    expect(image.data).toEqual(before);
    expect(first).toMatchObject({ name: 'scene', width: 64, height: 52 });
    expect(first.data).toHaveLength(image.data.length);
  });
});

// Those whose parameters rise, and whose effect does on this picture (levels and pixels may fall onto its edges).
const notRising = ['null', 'mean_shift', 'contrast', 'saturate_weaken/hsv', 'quantization', 'pixelate'];
test.each(KADID10K_LADDER.filter((name) => !notRising.includes(name)))(
  '%s does more with each severity',
  async (name) => {
    const sizes = [];
    for (const severity of [1, 2, 3, 4, 5] as const) sizes.push(await sizeOf(name, severity));
    const slack = ['blur/motion', 'colour/shift', 'colour_blocks', 'patches'].includes(name) ? 0.7 : 1; // random places
    for (let i = 1; i < 5; i++) expect(sizes[i]!).toBeGreaterThanOrEqual(sizes[i - 1]! * slack);
    expect(sizes[4]!).toBeGreaterThan(sizes[0]!);
  },
);

test('the ladder has 24 of the 25 types, and null', () => {
  expect(KADID10K_LADDER).toHaveLength(25);
});

// 49,152 samples: the standard error of a deviation is 0.3 %; 2 % is six of them.
test('white noise: the variance of the table', async () => {
  for (const [severity, variance] of [
    [1, 0.001],
    [3, 0.003],
    [5, 0.01],
  ] as const) {
    // prettier-ignore
    const { std } = difference(await make('noise/white', severity, 'n', grey), grey);
    // truncation to whole levels adds 1/12 of a level's square
    expect(Math.abs(std / Math.sqrt(variance + 1 / 12 / 255 ** 2) - 1)).toBeLessThan(0.02);
  }
});

test('white noise in YCbCr: green gets less of it than blue, each its share', async () => {
  const noisy = await make('noise/white-ycbcr', 5, 'n', grey);
  const expected = [Math.hypot(1, 1.403), Math.hypot(1, 0.714, 0.344), Math.hypot(1, 1.773)];
  expected.forEach((share, c) => {
    const pick = (data: Uint8Array) => data.filter((_, i) => i % 3 === c);
    const { std } = difference({ ...noisy, data: pick(noisy.data) }, { ...grey, data: pick(grey.data) });
    expect(Math.abs(std / (share * Math.sqrt(0.003)) - 1)).toBeLessThan(0.03);
  });
});

test('impulse: the share of the table, half of it white; multiplicative: in proportion to the sample', async () => {
  const { data } = await make('noise/impulse', 5, 'n', grey);
  const share = (level: number) => data.filter((sample) => sample === level).length / data.length;
  // standard error sqrt(.015 / 49152) = .0006
  expect(Math.abs(share(0) - 0.015)).toBeLessThan(0.003);
  expect(Math.abs(share(255) - 0.015)).toBeLessThan(0.003);
  const std = async (level: number) => {
    const plain = flat(128, 128, level);
    return difference(await make('noise/multiplicative', 4, 'n', plain), plain).std;
  };
  expect(Math.abs((await std(128)) / ((128 / 255) * Math.sqrt(0.02)) - 1)).toBeLessThan(0.02);
  expect((await std(64)) / (await std(128))).toBeCloseTo(0.5, 1);
});

test('a disk weighs areas: all of it, and what fspecial gives for radius 1', () => {
  for (const radius of [1, 2, 4, 6.5, 8]) {
    const total = diskTaps(radius).reduce((sum, { weight }) => sum + weight, 0);
    expect(total).toBeCloseTo(Math.PI * radius ** 2, 10);
  }
  // MATLAB's documentation: fspecial('disk', 1) is .3183 in the middle, .1453 beside and .0251 in the corners
  expect(areaInCircle(0, 0, 1) / Math.PI).toBeCloseTo(0.3183, 4);
  expect(areaInCircle(1, 0, 1) / Math.PI).toBeCloseTo(0.1453, 4);
  expect(areaInCircle(1, 1, 1) / Math.PI).toBeCloseTo(0.0251, 4);
});

test('a line of length 1 is a point; one of 9 lies flat, along its angle', () => {
  expect(lineTaps(1, 37)).toEqual([{ dx: 0, dy: 0, weight: 1 }]);
  const flatLine = lineTaps(9, 0);
  // fspecial('motion', 9, 0) is nine equal weights
  expect(flatLine.map(({ dx, dy }) => [dx, dy])).toEqual(Array.from({ length: 9 }, (_, i) => [i - 4, 0]));
  expect(new Set(flatLine.map(({ weight }) => weight.toFixed(12))).size).toBe(1);
  const steep = lineTaps(9, 90);
  expect(steep.every(({ dx }) => dx === 0)).toBe(true);
  // fspecial('motion', 9, 45): 41 positions carry weight on the diagonal and its neighbours, symmetric around the middle
  const slanted = lineTaps(9, 45);
  for (const { dx, dy, weight } of slanted) {
    expect(Math.abs(dx - dy)).toBeLessThanOrEqual(1);
    expect(slanted.find((tap) => tap.dx === -dx && tap.dy === -dy)!.weight).toBeCloseTo(weight, 12);
  }
});

test('colour shift moves green alone, and only where there are edges', async () => {
  const edge = flat(64, 64, 60);
  for (let y = 0; y < 64; y++) edge.data.fill(200, (y * 64 + 16) * 3, (y * 64 + 64) * 3);
  const { data } = await make('colour/shift', 5, 's', edge);
  const changed = (c: number) => data.some((value, i) => i % 3 === c && value !== edge.data[i]);
  expect([0, 1, 2].map(changed)).toEqual([false, true, false]);
  const column = (x: number) => Array.from({ length: 64 }, (_, y) => data[(y * 64 + x) * 3 + 1]);
  expect(new Set(column(50))).toEqual(new Set([200])); // far from the edge
});

test('jitter draws from nearby: a slope stays a slope, with the spread of five passes', async () => {
  const slope = flat(128, 128, 0);
  for (let i = 0; i < 128 * 128; i++) slope.data.fill(64 + (i % 128), i * 3, i * 3 + 3);
  const moved = await make('jitter', 5, 'j', slope);
  const inner = (data: Uint8Array) => data.filter((_, i) => { const x = Math.floor(i / 3) % 128; return x > 8 && x < 120; }); // prettier-ignore
  const { mean, std } = difference({ ...slope, data: inner(moved.data) }, { ...slope, data: inner(slope.data) });
  expect(Math.abs(mean * 255 + 0.5)).toBeLessThan(0.1); // truncation
  // The last pass moves a value by 1 pixel; the four before are averaged by reading between pixels, so that they add less.
  expect(std * 255).toBeGreaterThan(1);
  expect(std * 255).toBeLessThan(Math.sqrt(5 + 1 / 12));
});

test('patches copy what is there; blocks cover 32 by 32 pixels with one colour', async () => {
  const patched = await make('patches', 1);
  const known = new Set(image.data);
  expect(patched.data.every((value) => known.has(value))).toBe(true);
  const black = flat(200, 200, 0);
  const { data } = await make('colour_blocks', 1, 'b', black);
  const covered = Array.from({ length: 200 * 200 }, (_, i) => data[i * 3]! + data[i * 3 + 1]! + data[i * 3 + 2]! > 0).filter(Boolean).length; // prettier-ignore
  expect(covered).toBeGreaterThan(32 * 32);
  expect(covered).toBeLessThanOrEqual(2 * 32 * 32);
});

test('refuses what it cannot do, by name', async () => {
  await expect(make('noise/gaussian-rgb' as KadidName, 1)).rejects.toThrow(/name must be one of blur\/gaussian, .* got 'noise\/gaussian-rgb'/); // prettier-ignore
  await expect(make('patches', 1, '', flat(40, 60, 1))).rejects.toThrow('patches: flat: 40x60 is too small, at least 49 pixels a side'); // prettier-ignore
  await expect(make('colour_blocks', 1, '', flat(31, 60, 1))).rejects.toThrow('31x60 is too small, at least 32');
});
