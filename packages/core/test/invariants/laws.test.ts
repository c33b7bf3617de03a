import { describe, expect, test } from '@jest/globals';
import '../support/arbitraries.js';
import ndarray from 'ndarray';
import { grpoLoss } from '../../src/index.js';
import {
  type BatchLoss,
  lawFinite,
  lawGradientMatchesValue,
  lawMaskImmune,
  lawPartition,
  lawRowOrder,
} from '../../src/invariants/index.js';

/** What a law says of its counterexample; fast-check keeps it as the cause. */
function complaint(run: () => void): string {
  try {
    run();
  } catch (error) {
    return String((error as Error).cause);
  }
  return 'kept';
}

describe('the laws of losses notice', () => {
  test('a wrong sign', () => {
    expect(
      complaint(() =>
        lawGradientMatchesValue((batch) => {
          const { loss, gradient } = grpoLoss(batch);
          return {
            loss,
            gradient: ndarray(
              gradient.data.map((g) => -g),
              gradient.shape,
            ),
          };
        }),
      ),
    ).toContain('gradient');
    lawGradientMatchesValue((batch) => grpoLoss(batch));
  });
  test('a loss that reads what is masked', () => {
    expect(
      complaint(() =>
        lawMaskImmune((batch) => ({ loss: batch.logps.data.reduce((a, b) => a + b, 0), gradient: batch.logps })),
      ),
    ).toContain('mask');
  });
  test('an overflow', () => {
    expect(
      complaint(() =>
        lawFinite((batch) => grpoLoss(batch, { policy: { type: 'importance-weighted' }, logRatioClamp: Infinity })),
      ),
    ).toContain('finite');
  });
  test('a loss that depends on the position of a row', () => {
    expect(complaint(() => lawRowOrder((batch) => ({ loss: batch.advantages[0]!, gradient: batch.logps })))).toContain(
      'row order',
    );
  });
  test('a loss that divides by the tokens of the part it is given', () => {
    const own: BatchLoss = (batch) => grpoLoss({ ...batch, weights: undefined });
    expect(complaint(() => lawPartition(own))).toContain('partition');
    lawPartition((batch) => grpoLoss(batch));
  });
  test('a loss that tears groups apart, unless they are kept together', () => {
    const compares: BatchLoss = (batch) => grpoLoss(batch, { policy: { type: 'real' } });
    expect(complaint(() => lawPartition(compares, { runs: 1000 }))).toContain('partition');
    lawPartition(compares, { together: 'groups' });
  });
});
