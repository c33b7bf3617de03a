import { describe, test } from '@jest/globals';
import { grpoLoss } from '../src/index.js';
import { expectClose, FLOAT64 } from './support/close.js';
import { matrix } from './support/golden.js';

const batch = {
  logps: matrix([[-1, -1, -9]]),
  oldLogps: matrix([[-1.2, -1, 7]]),
  mask: matrix([[1, 1, 0]]),
  advantages: [-2],
};
const aggregation = { mode: 'sequence-mean-token-mean' } as const;

describe('ratioLevel', () => {
  test('sequence: the geometric mean of the token ratios, its gradient shared alike', () => {
    const { loss, gradient } = grpoLoss(batch, { ratioLevel: 'sequence', aggregation });
    const ratio = Math.exp(0.1); // mean of 0.2 and 0
    expectClose(loss, 2 * ratio, FLOAT64);
    expectClose(gradient.data, [ratio, ratio, 0], FLOAT64); // dloss/dlogp = 2ρ · 1/2
  });

  test('sequence-token: the value of the sequence, the gradient of each token', () => {
    const tokens = { ...batch, advantages: matrix([[-2, -4, 0]]) };
    const { loss, gradient } = grpoLoss(tokens, { ratioLevel: 'sequence-token', aggregation });
    const ratio = Math.exp(0.1);
    expectClose(loss, 3 * ratio, FLOAT64);
    expectClose(gradient.data, [ratio, 2 * ratio, 0], FLOAT64);
  });

  test('beyond the clamp the ratio stands still', () => {
    const far = { ...batch, oldLogps: matrix([[-4, -1, 0]]) };
    const { loss, gradient } = grpoLoss(far, { logRatioClamp: 2, aggregation });
    expectClose(loss, Math.exp(2) + 1, FLOAT64);
    expectClose(gradient.data, [0, 1, 0], FLOAT64);
  });

  test('beyond the clamp the ratio of a sequence stands still, and no other', () => {
    const rows = (...values: number[]) => matrix(values.map((x) => [x, x]));
    const far = { logps: rows(-1, -1, -1), oldLogps: rows(-4, -1.5, 2), mask: rows(1, 1, 1), advantages: [1, 1, 1] };
    const options = { policy: { type: 'importance-weighted' }, ratioLevel: 'sequence', logRatioClamp: 2 } as const;
    const { loss, gradient } = grpoLoss(far, { ...options, aggregation: { mode: 'token-sum' } });
    expectClose(loss, -2 * (Math.exp(2) + Math.exp(0.5) + Math.exp(-2)), FLOAT64);
    expectClose(gradient.data, [0, 0, -Math.exp(0.5), -Math.exp(0.5), 0, 0], FLOAT64);
  });
});
