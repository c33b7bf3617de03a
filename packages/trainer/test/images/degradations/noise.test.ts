import { expect, test } from '@jest/globals';
import seedrandom from 'seedrandom';
import * as noise from '../../../src/images/degradations/noise.js';
import type { Severity } from '../../../src/images/degradations/samples.js';
import { difference, flat } from './synthetic.js';

// 128 x 128 x 3 samples: the standard error of a standard deviation is sigma / sqrt(2 * 49152) = 0.3 %; 2 % is six of
// them. Truncation to 8 bits moves the mean down by half a grey level (.002).
const grey = flat(128, 128, 128);
const value = 128 / 255;

test.each<[Severity, number]>([
  [1, 0.05],
  [2, 0.1],
  [3, 0.15],
])('gaussianRgb, severity %d: sigma %d', (severity, sigma) => {
  const { mean, std } = difference(noise.gaussianRgb(grey, severity, seedrandom('n')), grey);
  expect(std / sigma).toBeCloseTo(1, 1.7); // within 1 %
  expect(Math.abs(mean + 0.002)).toBeLessThan(0.003);
});

test('gaussianRgb at severity 5 keeps the sigma of a normal clipped to [0, 1]', () => {
  // sigma .25 clipped at about +-2 sigma: the standard deviation falls to .2398 (E[min(|z|, 2)^2] = .9204)
  const { std } = difference(noise.gaussianRgb(grey, 5, seedrandom('n')), grey);
  expect(std / (0.25 * Math.sqrt(0.9204))).toBeCloseTo(1, 1.7);
});

test('gaussianYcrcb: each colour gets its share of brightness and colour noise', () => {
  const severity = 2;
  const noisy = noise.gaussianYcrcb(grey, severity, seedrandom('n'));
  const y = 0.06;
  const c = 0.06 * 1.45;
  const expected = [Math.hypot(y, 1.403 * c), Math.hypot(y, 0.714 * c, 0.344 * c), Math.hypot(y, 1.773 * c)];
  for (let channel = 0; channel < 3; channel++) {
    const pick = (data: Uint8Array) => data.filter((_, i) => i % 3 === channel);
    const std = difference({ ...noisy, data: pick(noisy.data) }, { ...grey, data: pick(grey.data) }).std;
    expect(Math.abs(std / expected[channel]! - 1)).toBeLessThan(0.03);
  }
});

test('speckle grows with the sample', () => {
  const std = (level: number) => {
    const image = flat(128, 128, level);
    return difference(noise.speckle(image, 1, seedrandom('n')), image).std;
  };
  expect(Math.abs(std(128) / (0.14 * value) - 1)).toBeLessThan(0.02);
  expect(std(64) / std(128)).toBeCloseTo(0.5, 1);
  expect(std(0)).toBe(0);
});

test('spatiallyCorrelated is a third as strong and correlated with its neighbour', () => {
  const noisy = noise.spatiallyCorrelated(grey, 2, seedrandom('n'));
  expect(Math.abs(difference(noisy, grey).std / (0.11 / 3) - 1)).toBeLessThan(0.04); // neighbours are not independent
  // two 3x3 windows one apart share 6 of 9 samples
  let same = 0;
  let next = 0;
  for (let i = 0; i + 3 < noisy.data.length; i += 3) {
    const a = noisy.data[i]! - 127.5;
    same += a * a;
    next += a * (noisy.data[i + 3]! - 127.5);
  }
  expect(Math.abs(next / same - 2 / 3)).toBeLessThan(0.05);
});

test('poisson: variance is value / factor', () => {
  const { mean, std } = difference(noise.poissonNoise(grey, 2, seedrandom('n')), grey);
  expect(Math.abs(std / Math.sqrt(value / 60) - 1)).toBeLessThan(0.02);
  expect(Math.abs(mean + 0.002)).toBeLessThan(0.003);
});

test('impulse: a tenth of the samples at severity 5, half of them white', () => {
  const { data } = noise.impulse(grey, 5, seedrandom('n'));
  const share = (level: number) => data.filter((sample) => sample === level).length / data.length;
  // standard error sqrt(.05 * .95 / 49152) = .001
  expect(Math.abs(share(255) - 0.05)).toBeLessThan(0.005);
  expect(Math.abs(share(0) - 0.05)).toBeLessThan(0.005);
  expect(Math.abs(share(128) - 0.9)).toBeLessThan(0.007);
});
