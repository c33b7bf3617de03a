import { grpoLoss } from '../../src/index.js';
import { FLOAT64 } from '../support/close.js';
import { batchOf, golden, matrix } from '../support/golden.js';
import type { ParityCase } from './case.js';
import { lossOf } from './preset.js';

interface Case {
  readonly in: number;
  readonly beta: number;
  readonly numIterations: number;
  readonly loss: number;
  readonly grad: number[][];
  readonly metrics: { readonly kl?: number };
}

export function cases(): ParityCase[] {
  const { header, cases } = golden<Case>('loss_qinsight');
  return cases.map((c) => ({
    file: 'loss_qinsight',
    name: 'compute_loss',
    preset: 'q-insight',
    run: () => {
      const input = header.inputs[c.in]!;
      const { oldLogps, ...onPolicy } = batchOf(input);
      const batch = { ...onPolicy, ...(c.numIterations > 1 && { oldLogps }), refLogps: matrix(input.refLogps) };
      const result = grpoLoss(batch, lossOf('q-insight', { kl: { coefficient: c.beta } }));
      // a fully masked row is 0/0 there, in the value and in that row's gradient; here it adds nothing
      const empty = input.mask.map((row) => row.every((m) => m === 0));
      const expected = c.grad.map((row, b) => (empty[b] ? row.map(() => 0) : row)).flat();
      const gradient = { actual: result.gradient.data, expected, tolerance: FLOAT64 };
      return empty.includes(true)
        ? [gradient]
        : [{ actual: result.loss, expected: c.loss, tolerance: FLOAT64 }, gradient];
    },
  }));
}
