import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type KlEstimator, klEstimators } from '../../src/index.js';
import { expectClose, FLOAT64 } from '../support/close.js';

const distances = fc.double({ min: -5, max: 5, noNaN: true });

describe('klEstimators', () => {
  test('d = -0.3 by hand', () => {
    const at = (name: KlEstimator) => klEstimators[name].value(-0.3);
    expectClose([at('k1'), at('k2'), at('k3'), at('abs')], [-0.3, 0.045, Math.exp(0.3) - 0.3 - 1, 0.3], FLOAT64);
    expect(at('k1+')).toBe(at('k1'));
    expect(at('k3+')).toBe(at('k3'));
  });

  test.each(['k1', 'k2', 'k3', 'abs'] as const)('%s: slope is that of finite differences', (name) => {
    const { value, slope } = klEstimators[name];
    fc.assert(
      fc.property(distances, (d) => {
        fc.pre(Math.abs(d) > 1e-3); // abs has a kink at 0
        expectClose(slope(d), (value(d + 1e-6) - value(d - 1e-6)) / 2e-6, { absolute: 1e-6 });
      }),
    );
  });

  test('straight-through forms carry the slope of k2', () => {
    fc.assert(
      fc.property(distances, (d) => {
        expect(klEstimators['k1+'].slope(d)).toBe(d);
        expect(klEstimators['k3+'].slope(d)).toBe(d);
      }),
    );
  });

  test('laws: k3 is 0 at 0, never negative, equal to k2 up to the third order, exact for tiny d', () => {
    expect(klEstimators.k3.value(0)).toBe(0);
    fc.assert(
      fc.property(distances, (d) => {
        expect(klEstimators.k3.value(d)).toBeGreaterThanOrEqual(0);
        const small = d / 50;
        expectClose(klEstimators.k3.value(small), klEstimators.k2.value(small), {
          absolute: Math.abs(small) ** 3 / 3 + 1e-17,
        });
      }),
    );
    expectClose(klEstimators.k3.value(1e-6), 5e-13, { relative: 1e-3 }); // exp(-d) + d - 1 would leave 4 digits at most
  });
});
