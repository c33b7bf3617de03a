import { grpoLoss, type GrpoOptions } from '../../src/index.js';
import { golden, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { lossOf } from './preset.js';

/** A linear head: logits = hidden · weightᵀ + bias. */
interface Case {
  readonly lossType: 'dapo' | 'grpo' | 'dr_grpo' | 'bnpo' | 'cispo';
  readonly temperature: number;
  readonly beta: number;
  readonly eps: number;
  readonly maxCompletionLength: number;
  readonly hidden: number[][][];
  readonly weight: number[][];
  readonly bias: number[] | null;
  readonly ids: number[][];
  readonly mask: number[][];
  readonly advantages: number[];
  readonly oldLogps: number[][] | null;
  readonly refLogps: number[][] | null;
  readonly loss: number;
  readonly gradHidden: number[][][];
  readonly gradWeight: number[][];
  readonly gradBias: number[] | null;
}

/** Probabilities of the vocabulary at one position. */
function softmax(c: Case, hidden: number[]): number[] {
  const logits = c.weight.map(
    (row, v) => (row.reduce((sum, w, h) => sum + w * hidden[h]!, 0) + (c.bias?.[v] ?? 0)) / c.temperature,
  );
  const most = Math.max(...logits);
  const exps = logits.map((l) => Math.exp(l - most));
  const total = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / total);
}

function optionsOf(c: Case): GrpoOptions {
  return lossOf('liger', {
    policy: c.lossType === 'cispo' ? { type: 'cispo', ratioCap: c.eps } : { clipLow: c.eps, clipHigh: c.eps },
    kl: { coefficient: c.beta },
    aggregation: { mode: c.lossType, length: c.maxCompletionLength },
  });
}

/** The loss's gradient over log-probs, pushed back through the head by hand, as a policy does it. */
function compare(c: Case): Comparison[] {
  const probabilities = c.hidden.map((row) => row.map((hidden) => softmax(c, hidden)));
  const logps = c.ids.map((row, b) => row.map((id, t) => Math.log(probabilities[b]![t]![id]!)));
  const { loss, gradient } = grpoLoss(
    {
      logps: matrix(logps),
      mask: matrix(c.mask),
      advantages: c.advantages,
      ...(c.oldLogps && { oldLogps: matrix(c.oldLogps) }),
      ...(c.refLogps && { refLogps: matrix(c.refLogps) }),
    },
    optionsOf(c),
  );
  const gradWeight = c.weight.map((row) => row.map(() => 0));
  const gradBias = c.weight.map(() => 0);
  const gradHidden = c.hidden.map((row, b) =>
    row.map((hidden, t) => {
      const out = hidden.map(() => 0);
      c.weight.forEach((row, v) => {
        // d logp(id) / d logit(v) = [v is id] - p(v)
        const slope = ((v === c.ids[b]![t] ? 1 : 0) - probabilities[b]![t]![v]!) * (gradient.get(b, t) / c.temperature);
        gradBias[v]! += slope;
        row.forEach((w, h) => {
          out[h]! += slope * w;
          gradWeight[v]![h]! += slope * hidden[h]!;
        });
      });
      return out;
    }),
  );
  const tolerance = { relative: 1e-4, absolute: 1e-5 };
  const comparisons = [
    { actual: loss, expected: c.loss, tolerance },
    { actual: gradHidden.flat(2), expected: c.gradHidden.flat(2), tolerance },
    { actual: gradWeight.flat(), expected: c.gradWeight.flat(), tolerance },
  ];
  return c.gradBias === null ? comparisons : [...comparisons, { actual: gradBias, expected: c.gradBias, tolerance }];
}

export function cases(): ParityCase[] {
  return golden<Case>('linear_grpo_liger').cases.map((c) => ({
    file: 'linear_grpo_liger',
    name: `LigerFusedLinearGRPOLoss ${c.lossType}`,
    preset: 'liger',
    run: () => compare(c),
  }));
}
