import {
  type AggregationMode,
  aggregationWeights,
  correctionWeights,
  type CorrectionStep,
  type KlEstimator,
  presets,
  samplerDiagnostics,
  tokenKl,
} from '../../src/index.js';
import { FLOAT64 } from '../support/close.js';
import { golden, type GoldenInput, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { verlAggregation } from './loss-verl.js';

interface Case {
  readonly fn: 'agg_loss' | 'kl_penalty' | 'rollout_correction' | 'value_loss';
  readonly in: number;
  readonly agg: AggregationMode;
  readonly config: Readonly<Record<string, number>>;
  readonly loss: number;
  readonly grad: number[][] | null;
  readonly kind: string;
  readonly value: number[][];
  readonly is: 'token' | 'sequence' | null;
  readonly isThreshold: number | string | null;
  readonly rs: string | null;
  readonly rsThreshold: number | string | null;
  readonly weights: number[][] | null;
  readonly newMask: number[][];
  readonly metrics: Readonly<Record<string, number>>;
}

function aggregation(c: Case, input: GoldenInput): Comparison[] {
  const { mode, ...options } = verlAggregation(c.agg, c.config, input.mask);
  const weights = aggregationWeights(matrix(input.mask), mode, options).data;
  const losses = input.entropies.flat().map((h) => h - 0.5); // the file's token losses
  const loss = weights.reduce((sum, w, k) => (w === 0 ? sum : sum + w * losses[k]!), 0);
  // a plain sum is multiplied by the ranks over which it will be averaged
  const ranks = c.agg === 'token-sum' ? (c.config['dp_size'] ?? 1) : 1;
  const comparisons = [{ actual: ranks * loss, expected: c.loss, tolerance: FLOAT64 }];
  if (c.grad === null) return comparisons;
  return [...comparisons, { actual: weights.map((w) => ranks * w), expected: c.grad.flat(), tolerance: FLOAT64 }];
}

const kinds: Readonly<Record<string, string>> = { kl: 'k1', mse: 'k2', low_var_kl: 'k3' };

/** verl computes KL at every position, counted or not. */
function kl(c: Case, input: GoldenInput): Comparison[] {
  const straight = c.kind.endsWith('+') ? '+' : '';
  const base = c.kind.replace('+', '');
  const name = kinds[base] ?? base;
  const everywhere = matrix(input.mask.map((row) => row.map(() => 1)));
  const { values, slopes } = tokenKl(matrix(input.logps), matrix(input.refLogps), everywhere, {
    ...(name === 'k3'
      ? { ...presets.verl.loss.kl, clampGradient: straight ? ('keep' as const) : ('zero' as const) }
      : { clamp: Infinity }),
    estimator: `${name}${straight}` as KlEstimator,
  });
  return [
    { actual: values.data, expected: c.value.flat(), tolerance: FLOAT64 },
    { actual: slopes.data, expected: c.grad!.flat(), tolerance: FLOAT64 },
  ];
}

const levels = { token: 'token', seq_sum: 'sequence', seq_mean: 'sequence-mean' } as const;
const sums = { token: 'token', seq_sum: 'sequence-sum', seq_mean: 'sequence-mean', seq_max: 'sequence-max' } as const;

function rejection(rule: string, threshold: string): CorrectionStep {
  const [, level, kind] = /^(token|seq_sum|seq_mean|seq_max)_(k\d)$/.exec(rule) as unknown as [
    string,
    keyof typeof sums,
    'k1' | 'k2' | 'k3',
  ];
  if (kind !== 'k1') return { kind: 'reject', divergence: kind, level: sums[level], max: Number(threshold) };
  // its k1 is of sampler over trained, the inverse of our ratio
  const [low, high] = threshold.split('_').map(Number) as [number, number];
  return { kind: 'gate', level: levels[level as keyof typeof levels], min: 1 / high, max: 1 / low };
}

function correction(c: Case, input: GoldenInput): Comparison[] {
  const batch = {
    mask: matrix(input.mask),
    oldLogps: matrix(input.oldLogps),
    samplerLogps: matrix(input.rolloutLogps),
  };
  const comparisons: Comparison[] = [];
  if (c.weights !== null) {
    const bounds = String(c.isThreshold).split('_').map(Number);
    const level = c.is === 'token' ? ('token' as const) : ('sequence' as const);
    const step: CorrectionStep =
      bounds.length === 1
        ? { kind: 'truncate', level, max: bounds[0]! }
        : { kind: 'mask', level, min: bounds[0]!, max: bounds[1]! };
    comparisons.push({
      actual: correctionWeights(batch, [step]).weights.data,
      expected: c.weights.flat(),
      tolerance: FLOAT64,
    });
  }
  const thresholds = String(c.rsThreshold).split(',');
  const rules = c.rs === null ? [] : c.rs.split(',').map((rule, i) => rejection(rule, thresholds[i]!));
  const kept = correctionWeights(batch, rules).weights.data.map((w) => (w > 0 ? 1 : 0));
  comparisons.push({ actual: kept, expected: c.newMask.flat(), tolerance: FLOAT64 });
  // verl counts a row without tokens as a sequence of perplexity 1; here it is none
  if (input.mask.some((row) => !row.includes(1))) return comparisons;
  const diagnostics = samplerDiagnostics(batch);
  for (const [name, value] of Object.entries(diagnostics)) {
    const expected = c.metrics[`rollout_corr/${name}`];
    if (expected !== undefined)
      comparisons.push({ actual: value, expected, tolerance: { relative: 1e-7, absolute: 2e-9 } });
  }
  return comparisons;
}

export function cases(): ParityCase[] {
  const { header, cases } = golden<Case>('kl_agg_verl');
  const run = { agg_loss: aggregation, kl_penalty: kl, rollout_correction: correction };
  return cases.flatMap((c) => {
    if (c.fn === 'value_loss') return []; // a critic's loss: no part of GRPO, see docs/parity.md
    const compare = run[c.fn];
    return [{ file: 'kl_agg_verl', name: c.fn, run: () => compare(c, header.inputs[c.in]!) }];
  });
}
