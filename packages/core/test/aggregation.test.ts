import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import ndarray from 'ndarray';
import {
  type AggregationAlias,
  aggregationAliases,
  aggregationCounts,
  type AggregationMode,
  type AggregationOptions,
  aggregationWeights,
  grpoLoss,
} from '../src/index.js';
import { batches } from './support/arbitraries.js';
import { expectClose, FLOAT64 } from './support/close.js';
import { golden, matrix } from './support/golden.js';

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
          const counts = halves
            .map((half) => aggregationCounts(half))
            .reduce((a, b) => ({
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

  test('prompt-mean: parts of whole groups with the counts of the whole have the weights of the whole', () => {
    const groups = ['a', 'b', 'a'];
    const whole = aggregationWeights(mask, 'prompt-mean', { groups });
    // group a has rows 0 and 2 with 3 counted tokens, group b has row 1 with 1
    expectClose([...whole.data.slice(0, 5)], [1 / 6, 1 / 6, 1 / 6, 0, 1 / 2], FLOAT64);
    expect(aggregationCounts(mask, { groups })).toEqual({
      tokens: 4,
      sequences: 3,
      filledSequences: 2,
      filledGroups: 2,
    });
    expect(aggregationCounts(mask, { groups: ['a', 'a', 'b'] }).filledGroups).toBe(1); // the last row is empty
    const part = aggregationWeights(mask.hi(1, 4), 'prompt-mean', {
      groups: ['a'],
      counts: aggregationCounts(mask, { groups }),
    });
    expect([...part.data]).toEqual([...whole.data.slice(0, 4)]);
  });

  test('mismatch', () => {
    expect(() => aggregationWeights(ndarray(Float64Array.of(1), [1]), 'token-mean')).toThrow(
      '`aggregationWeights`: `mask` must have shape [B, T], got [1]',
    );
    expect(() => aggregationWeights(matrix([[2]]), 'token-mean')).toThrow('`mask` must be 0 or 1 at [0, 0], got 2');
    expect(() => aggregationWeights(mask, 'constant', { length: 0 })).toThrow('`length` must be above 0, got 0');
    expect(() => aggregationWeights(mask, 'mean' as 'token-mean')).toThrow('`mode` must be one of token-mean, ');
    expect(() => aggregationWeights(mask, 'prompt-mean')).toThrow(
      "`groups` must have length 3 for mode 'prompt-mean', got undefined",
    );
    expect(() => aggregationCounts(mask, { groups: ['a'] })).toThrow(
      '`aggregationCounts`: `groups` must have length 3, got 1',
    );
    const counts = { tokens: 4, sequences: 3, filledSequences: -2 };
    expect(() => aggregationWeights(mask, 'constant', { counts })).toThrow(
      '`counts.filledSequences` must be at least 0, got -2',
    );
  });
});

describe('the names of TRL and verl', () => {
  const length = 10;
  test.each<[AggregationAlias, AggregationMode, AggregationOptions]>([
    ['seq-mean-token-mean', 'sequence-mean-token-mean', { emptySequences: 'skip' }],
    ['seq-mean-token-sum', 'sequence-mean-token-sum', { emptySequences: 'skip' }],
    ['seq-mean-token-sum-norm', 'constant', { emptySequences: 'skip', length }],
    ['grpo', 'sequence-mean-token-mean', { emptySequences: 'count' }],
    ['sapo', 'sequence-mean-token-mean', { emptySequences: 'count' }],
    ['dapo', 'token-mean', {}],
    ['cispo', 'token-mean', {}],
    ['vespo', 'token-mean', {}],
    ['bnpo', 'token-mean', {}],
    ['dr_grpo', 'constant', { emptySequences: 'count', length }],
    ['luspo', 'sequence-mean-token-sum', { emptySequences: 'count' }],
  ])('%s is %s with %j, in weights and in the loss', (alias, mode, options) => {
    expect(aggregationWeights(mask, alias, { length }).data).toEqual(aggregationWeights(mask, mode, options).data);
    const batch = {
      logps: matrix([
        [-1, -2, -3, 0],
        [-4, 0, 0, 0],
        [0, 0, 0, 0],
      ]),
      mask,
      advantages: [1, -2, 3],
    };
    const loss = grpoLoss(batch, { aggregation: { mode: alias, length } });
    expect(loss).toEqual(grpoLoss(batch, { aggregation: { mode, ...options } }));
    expect(loss.loss).not.toBe(0);
  });

  test('golden data has cases of every name (test/parity gives them to grpoLoss as they are)', () => {
    const trl = golden<{ config: { loss_type?: string } }>('loss_trl').cases.map((c) => c.config.loss_type);
    const verl = golden<{ agg?: string }>('kl_agg_verl').cases.map((c) => c.agg);
    const seen = new Set([...trl, ...verl]);
    expect(Object.keys(aggregationAliases).filter((name) => !seen.has(name))).toEqual([]);
  });

  test('options beside a name win, but not ones that are undefined', () => {
    const skipped = aggregationWeights(mask, 'sequence-mean-token-mean').data;
    expect(aggregationWeights(mask, 'grpo', { emptySequences: 'skip' }).data).toEqual(skipped);
    expect(aggregationWeights(mask, 'grpo', { emptySequences: undefined }).data).not.toEqual(skipped);
  });

  test('dr_grpo asks for the length that TRL divides by, and an unknown name gets the list', () => {
    expect(() => aggregationWeights(mask, 'dr_grpo')).toThrow(
      "`aggregationWeights`: `length` must be given for mode 'dr_grpo': TRL's max_completion_length, got undefined",
    );
    expect(() => aggregationWeights(mask, 'drgrpo' as 'dr_grpo')).toThrow(
      /prompt-mean, seq-mean-token-mean, .*, luspo, got/,
    );
    expect(() => aggregationWeights(mask, 'toString' as 'dapo')).toThrow('`mode` must be one of');
  });

  test('the table cannot be changed by accident', () => {
    expect(Object.isFrozen(aggregationAliases)).toBe(true);
    expect(Object.values(aggregationAliases).every(Object.isFrozen)).toBe(true);
  });
});
