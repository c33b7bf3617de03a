import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { normalCdf } from '../../src/math/normal.js';
import { goldenCases } from '../golden.js';

interface Case {
  muA: number;
  muB: number;
  varA: number;
  varB: number;
  s: number;
  phi: number;
  cdf: number;
}

test.each(goldenCases<Case>('iqa_normal').map((c) => [c.phi, c] as const))('equals SciPy: %d', (_, c) => {
  const { muA, muB, varA, varB, s, phi, cdf } = c;
  expect(normalCdf((muA - muB) / Math.sqrt(varA + varB + 1e-6)) / phi).toBeCloseTo(1, 8);
  expect(normalCdf((muA - muB) / s) / cdf).toBeCloseTo(1, 8);
});

test('knows well-known values', () => {
  expect(normalCdf(0)).toBe(0.5);
  expect(normalCdf(1)).toBeCloseTo(0.8413447460685429, 15); // Abramowitz and Stegun, table 26.1
  expect(normalCdf(-1.959963984540054)).toBeCloseTo(0.025, 15);
  expect(normalCdf(-10) / 7.619853024160527e-24).toBeCloseTo(1, 12);
  expect([normalCdf(-Infinity), normalCdf(Infinity), normalCdf(NaN)]).toEqual([0, 1, NaN]);
});

test('rises, is symmetric, and does not jump where its two formulas meet', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -45, max: 45, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (x, step) => {
        expect(normalCdf(x + step)).toBeGreaterThanOrEqual(normalCdf(x) - 1e-16);
        expect(normalCdf(x) + normalCdf(-x)).toBeCloseTo(1, 14);
      },
    ),
  );
  expect(Math.abs(normalCdf(-5) / normalCdf(-5.000000001) - 1)).toBeLessThan(1e-8);
});
