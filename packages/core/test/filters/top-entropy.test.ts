import { expect, test } from '@jest/globals';
import { grpoLoss, topEntropyMask } from '../../src/index.js';
import { expectClose, FLOAT64 } from '../support/close.js';
import { matrix } from '../support/golden.js';

test('keeps the share of highest entropy among counted tokens', () => {
  const { mask, threshold } = topEntropyMask(matrix([[5, 1, 2, 3, 4]]), matrix([[0, 1, 1, 1, 1]]), 0.25);
  expect([...mask.data]).toEqual([0, 0, 0, 0, 1]);
  expectClose(threshold, 3.25, FLOAT64); // three quarters of the way from 1 to 4
  expect([...topEntropyMask(matrix([[1, 1]]), matrix([[1, 1]]), 0.1).mask.data]).toEqual([1, 1]);
  expect(topEntropyMask(matrix([[1]]), matrix([[0]]), 0.5).mask.data[0]).toBe(0);
  expect(() => topEntropyMask(matrix([[1]]), matrix([[1]]), 2)).toThrow('`share` must be in [0, 1], got 2');
});

test('in the loss: policy on kept tokens, KL on all, bonus over the kept', () => {
  const batch = {
    logps: matrix([[-1, -1]]),
    refLogps: matrix([[-2, -1]]),
    entropies: matrix([[0.1, 2]]),
    mask: matrix([[1, 1]]),
    advantages: [1],
  };
  const result = grpoLoss(batch, {
    entropy: { share: 0.5, coefficient: 0.3 },
    kl: { coefficient: 1, estimator: 'k2' },
  });
  expectClose(result.gradient.data, [0.5, -0.5], FLOAT64);
  expectClose(result.entropyGradient!.data, [0, -0.3], FLOAT64);
  expectClose(result.loss, -0.5 + 0.25 - 0.6, FLOAT64);
  expect(() => grpoLoss({ ...batch, entropies: undefined }, { entropy: { share: 0.5 } })).toThrow(
    '`entropies` must be given',
  );
});
