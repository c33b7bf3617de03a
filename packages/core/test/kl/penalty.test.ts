import { describe, expect, test } from '@jest/globals';
import { grpoLoss, type KlOptions } from '../../src/index.js';
import { expectClose, FLOAT64 } from '../support/close.js';
import { matrix } from '../support/golden.js';

/** KL part alone: advantage 0. */
function klOf(d: number, logRatio: number, options: KlOptions) {
  const batch = {
    logps: matrix([[-1]]),
    oldLogps: matrix([[-1 - logRatio]]),
    refLogps: matrix([[-1 - d]]),
    mask: matrix([[1]]),
    advantages: [0],
  };
  const { loss, gradient } = grpoLoss(batch, { kl: { coefficient: 2, ...options }, logRatioClamp: Infinity });
  return [loss, gradient.data[0]!];
}
const k3 = (d: number) => Math.exp(-d) + d - 1;

describe('KL in the loss', () => {
  test('coefficient times estimator', () => {
    expectClose(klOf(0.5, 0.1, { estimator: 'k3' }), [2 * k3(0.5), 2 * (1 - Math.exp(-0.5))], FLOAT64);
    expectClose(klOf(0.5, 0.1, { estimator: 'k2' }), [0.25, 1], FLOAT64);
  });

  test('ratio weighting has the gradient of both factors', () => {
    const ratio = Math.exp(0.1);
    const value = 2 * ratio * k3(0.5);
    expectClose(klOf(0.5, 0.1, { weighting: 'ratio' }), [value, value + 2 * ratio * (1 - Math.exp(-0.5))], FLOAT64);
  });

  test('beyond a clamp the value stands still and the gradient is kept, or zero if asked for', () => {
    expectClose(klOf(-12, 0, { valueClamp: 10 }), [20, 2 * (1 - Math.exp(12))], FLOAT64);
    expect(klOf(-12, 0, { valueClamp: 10, clampGradient: 'zero' })).toEqual([20, 0]);
    expectClose(klOf(-1e4, 0, {}), [2 * k3(-20), 2 * (1 - Math.exp(20))], FLOAT64);
    expectClose(klOf(-1e4, 0, { clampGradient: 'zero' }), [2 * k3(-20), 0], FLOAT64);
  });

  test('with coefficient 0 the KL is logged and adds nothing', () => {
    const batch = { logps: matrix([[-1]]), refLogps: matrix([[-1.5]]), mask: matrix([[1]]), advantages: [0] };
    const { loss, gradient, metrics } = grpoLoss(batch);
    expect([loss, gradient.data[0]]).toEqual([0, 0]);
    expectClose(metrics['kl']!, k3(0.5), FLOAT64);
  });
});
