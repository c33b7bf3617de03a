import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import ndarray from 'ndarray';
import { aggregationCounts, type AggregationMode, aggregationWeights } from '../src/index.js';
import { batches } from './support/arbitraries.js';
import { expectClose, FLOAT64 } from './support/close.js';
import { matrix } from './support/golden.js';

// rows of 3, 1 and 0 counted tokens, losses 1 2 3 | 4 |
const mask = matrix([
  [1, 1, 1, 0],
  [1, 0, 0, 0],
  [0, 0, 0, 0],
]);
const losses = [1, 2, 3, 9, 4, 9, 9, 9, 9, 9, 9, 9];
const reduce = (weights: { data: Float64Array }) => weights.data.reduce((sum, w, k) => sum + w * losses[k]!, 0);

describe('aggregationWeights', () => {
  test.each<[AggregationMode, number, number]>([
    ['token-mean', 10 / 4, 10 / 4],
    ['sequence-mean-token-mean', (2 + 4) / 2, (2 + 4) / 3],
    ['sequence-mean-token-sum', (6 + 4) / 2, (6 + 4) / 3],
    ['constant', 10 / (2 * 4), 10 / (3 * 4)],
    ['token-sum', 10, 10],
  ])('%s by hand, empty sequences skipped and counted', (mode, skipped, counted) => {
    expectClose(reduce(aggregationWeights(mask, mode)), skipped, FLOAT64);
    expectClose(reduce(aggregationWeights(mask, mode, { emptySequences: 'count' })), counted, FLOAT64);
  });

  test('constant takes the longest completion allowed', () => {
    expectClose(reduce(aggregationWeights(mask, 'constant', { length: 10 })), 10 / 20, FLOAT64);
  });

  test('nothing counted gives weights 0', () => {
    const empty = matrix([[0, 0]]);
    for (const mode of [
      'token-mean',
      'sequence-mean-token-mean',
      'sequence-mean-token-sum',
      'constant',
      'token-sum',
    ] as const)
      expect([...aggregationWeights(empty, mode).data]).toEqual([0, 0]);
  });

  test('law: parts with the counts of the whole have the weights of the whole', () => {
    fc.assert(
      fc.property(
        batches(),
        fc.constantFrom<AggregationMode>(
          'token-mean',
          'sequence-mean-token-mean',
          'sequence-mean-token-sum',
          'constant',
        ),
        fc.constantFrom('skip' as const, 'count' as const),
        ({ mask: whole }, mode, emptySequences) => {
          const [rows = 0, columns = 0] = whole.shape;
          const halves = [whole.hi(Math.ceil(rows / 2), columns), whole.lo(Math.ceil(rows / 2), 0)] as (typeof whole)[];
          const counts = halves.map(aggregationCounts).reduce((a, b) => ({
            tokens: a.tokens + b.tokens,
            sequences: a.sequences + b.sequences,
            filledSequences: a.filledSequences + b.filledSequences,
          }));
          expect(counts).toEqual(aggregationCounts(whole));
          const parts = halves.flatMap((half) => [...aggregationWeights(half, mode, { counts, emptySequences }).data]);
          expect(parts).toEqual([...aggregationWeights(whole, mode, { emptySequences }).data]);
        },
      ),
    );
  });

  test('mismatch', () => {
    expect(() => aggregationWeights(ndarray(Float64Array.of(1), [1]), 'token-mean')).toThrow(
      '`aggregationWeights`: `mask` must have shape [B, T], got [1]',
    );
    expect(() => aggregationWeights(matrix([[2]]), 'token-mean')).toThrow('`mask` must be 0 or 1 at [0, 0], got 2');
    expect(() => aggregationWeights(mask, 'constant', { length: 0 })).toThrow('`length` must be above 0, got 0');
    expect(() => aggregationWeights(mask, 'mean' as 'token-mean')).toThrow('`mode` must be one of token-mean, ');
  });
});
