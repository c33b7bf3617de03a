import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { proxyFromSsim, proxyScore } from '../../src/data/proxy-score.js';
import { degrade } from '../../src/images/degradations/degrade.js';
import { flat, scene } from '../images/degradations/synthetic.js';

test('the mapping: 5 at similarity 1, 1 at .2 and below, straight between', () => {
  expect([1, 0.6, 0.2, 0.1, -0.5].map(proxyFromSsim)).toEqual([5, 3, 1, 1, 1]);
});

test('the mapping never falls and stays in [1, 5]', () => {
  const similarity = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(similarity, similarity, (a, b) => {
      const [low, high] = [proxyFromSsim(Math.min(a, b)), proxyFromSsim(Math.max(a, b))];
      expect(low).toBeLessThanOrEqual(high);
      expect(low).toBeGreaterThanOrEqual(1);
      expect(high).toBeLessThanOrEqual(5);
    }),
  );
});

test.each(['noise/gaussian-rgb', 'blur/gaussian', 'compression/jpeg', 'darken/rgb-gamma'] as const)(
  'falls with the severity of %s',
  async (name) => {
    const clean = scene(64, 64);
    const scores = [proxyScore(clean, clean)];
    for (const severity of [1, 2, 3, 4, 5] as const) {
      scores.push(proxyScore(clean, await degrade(clean, { name, severity, seed: 'p' })));
    }
    expect(scores[0]).toBe(5);
    expect(scores[1]).toBeLessThan(5);
    expect(scores[5]).toBeLessThan(scores[1]! - 0.3);
    for (let i = 1; i < scores.length; i++) expect(scores[i]!).toBeLessThanOrEqual(scores[i - 1]!);
  },
);

test('of two flat images it is the luminance term: (2ab + c1) / (a^2 + b^2 + c1), c1 = 6.5', () => {
  const ssim = (2 * 100 * 50 + 6.5025) / (100 * 100 + 50 * 50 + 6.5025);
  expect(proxyScore(flat(32, 32, 100), flat(32, 32, 50))).toBeCloseTo(1 + (4 * (ssim - 0.2)) / 0.8, 1.9);
});

test('refuses images of two sizes', () => {
  expect(() => proxyScore(flat(32, 32, 0), flat(32, 30, 0))).toThrow('got 32x32 and 32x30');
});
