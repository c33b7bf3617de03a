import { describe, expect, test } from '@jest/globals';
import { grpoLoss, type GrpoOptions, presets } from '../src/index.js';
import { expectClose, FLOAT64 } from './support/close.js';
import { batchOf, golden, matrix } from './support/golden.js';
import { type TrlCase, trlBatch, trlOptions } from './support/trl.js';

interface QInsightCase {
  readonly in: number;
  readonly beta: number;
  readonly numIterations: number;
  readonly loss: number;
  readonly grad: number[][];
  readonly metrics: { readonly kl?: number };
}

describe('golden: q-insight', () => {
  const { header, cases } = golden<QInsightCase>('loss_qinsight');
  test('has all cases', () => expect(cases).toHaveLength(36));
  test.each(cases.map((c, i) => [i, header.inputs[c.in]!.name, c] as const))('case %d, %s', (_, __, c) => {
    const input = header.inputs[c.in]!;
    const { oldLogps, ...onPolicy } = batchOf(input);
    const batch = { ...onPolicy, ...(c.numIterations > 1 && { oldLogps }), refLogps: matrix(input.refLogps) };
    const preset = presets['q-insight'].loss;
    const result = grpoLoss(batch, { ...preset, kl: { ...preset.kl, coefficient: c.beta } });
    // a fully masked row is 0/0 there, in the value and in that row's gradient; here it adds nothing
    const emptyRows = input.mask.map((row) => row.every((m) => m === 0));
    if (!emptyRows.includes(true)) expectClose(result.loss, c.loss, FLOAT64);
    else expect([Number.isNaN(c.loss), Number.isFinite(result.loss)]).toEqual([true, true]);
    const expected = c.grad.map((row, b) => (emptyRows[b] ? row.map(() => 0) : row));
    expectClose(result.gradient.data, expected.flat(), FLOAT64);
    if (
      c.metrics.kl !== undefined &&
      !emptyRows.includes(true) &&
      input.mask.every((r) => String(r) === String(input.mask[0]))
    )
      expectClose(result.metrics['kl']!, c.metrics.kl, FLOAT64);
  });
});

describe('golden: trl', () => {
  const { header, cases } = golden<TrlCase>('loss_trl');
  const covered = cases.flatMap((c, i) => {
    const options = trlOptions(c, header.inputs[c.in]!);
    return options === undefined ? [] : [[i, c.variant, header.inputs[c.in]!.name, c, options] as const];
  });
  test('covers the clipped surrogate at both levels, every denominator, delta and both forms of KL', () =>
    expect(covered).toHaveLength(252));
  test.each(covered)('case %d, %s on %s', (_, __, ___, c, options: GrpoOptions) => {
    const result = grpoLoss(trlBatch(c, header.inputs[c.in]!), options);
    expectClose(result.loss, c.loss, FLOAT64);
    expectClose(result.gradient.data, c.grad.flat(), FLOAT64);
    // with a sequence ratio TRL logs the mean over sequences of what is here a mean over tokens
    const clips = options.ratioLevel === 'sequence' ? [] : ['clip_ratio/low_mean', 'clip_ratio/high_mean'];
    for (const name of [...clips, 'kl', 'entropy']) {
      const expected = c.metrics[name];
      if (expected !== undefined) expectClose(result.metrics[name]!, expected, FLOAT64);
    }
  });
});
