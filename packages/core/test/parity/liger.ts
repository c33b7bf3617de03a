import { type AggregationAlias, type CorrectionStep, grpoLoss } from '../../src/index.js';
import { FLOAT32_INSIDE, FLOAT64 } from '../support/close.js';
import { batchOf, golden, type GoldenInput, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { lossOf, type PolicyChanges } from './preset.js';

interface Case {
  readonly in: number;
  readonly config: {
    readonly loss_type: AggregationAlias;
    readonly beta: number;
    readonly epsilon_low?: number;
    readonly epsilon_high?: number;
    readonly delta?: number;
    readonly importance_sampling_level?: 'sequence';
    readonly max_completion_length: number;
    readonly use_bias_correction_kl?: boolean;
    readonly num_items_in_batch?: number;
    readonly sapo_temperature_pos?: number;
    readonly sapo_temperature_neg?: number;
    readonly _is?: 'token' | 'seq';
  };
  readonly loss: number;
  readonly grad: number[][];
}

function policyOf({ config }: Case): PolicyChanges {
  const { epsilon_low: clipLow, epsilon_high: clipHigh, delta: dualClip } = config;
  if (config.loss_type === 'cispo') return { type: 'cispo', ratioCap: clipHigh };
  if (config.loss_type === 'vespo') return { type: 'vespo' };
  if (config.loss_type === 'sapo') {
    const { sapo_temperature_pos: temperaturePositive, sapo_temperature_neg: temperatureNegative } = config;
    return { type: 'sapo', temperaturePositive, temperatureNegative };
  }
  return { clipLow, clipHigh, dualClip };
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);

function compare(c: Case, input: GoldenInput): Comparison[] {
  const { config } = c;
  const tokens = config.num_items_in_batch ?? sum(input.mask.flat());
  const corrections: CorrectionStep[] =
    config._is === undefined ? [] : [{ kind: 'truncate', level: config._is === 'seq' ? 'sequence' : 'token', max: 2 }];
  if (config.loss_type === 'luspo') return luspo(c, input);
  const result = grpoLoss(
    {
      ...batchOf(input),
      refLogps: matrix(input.refLogps),
      samplerLogps: matrix(input.rolloutLogps),
    },
    lossOf('liger', {
      policy: policyOf(c),
      ratioLevel: config.importance_sampling_level,
      corrections,
      kl: { coefficient: config.beta, weighting: config.use_bias_correction_kl === true ? 'ratio' : undefined },
      aggregation: {
        mode: config.loss_type,
        length: config.max_completion_length,
        counts: { tokens, sequences: input.mask.length, filledSequences: input.mask.length },
      },
    }),
  );
  const tolerance = ['sapo', 'vespo'].includes(config.loss_type) ? FLOAT32_INSIDE : FLOAT64;
  return [
    { actual: result.loss, expected: c.loss, tolerance },
    { actual: result.gradient.data, expected: c.grad.flat(), tolerance },
  ];
}

/**
 * Its LUSPO is the mean over all B T positions, padding included, of loss times length. With a sequence ratio the policy loss
 * is one number a sequence, and padding matters for the KL alone.
 */
function luspo(c: Case, input: GoldenInput): Comparison[] {
  const { beta, importance_sampling_level: level = 'token' } = c.config;
  const everywhere = matrix(input.mask.map((row) => row.map(() => 1)));
  const weights = matrix(input.mask.map((row) => row.map(() => sum(row) / (row.length * input.mask.length))));
  const batch = batchOf(input);
  const changes = { policy: policyOf(c), ratioLevel: level, kl: { coefficient: 0 } } as const;
  const policy = grpoLoss(
    level === 'token' ? { ...batch, mask: everywhere, weights } : batch,
    lossOf('liger', { ...changes, aggregation: { mode: 'luspo' } }),
  );
  const kl = grpoLoss(
    { ...batch, mask: everywhere, weights, refLogps: matrix(input.refLogps), advantages: input.mask.map(() => 0) },
    lossOf('liger', { kl: { coefficient: beta } }),
  );
  const gradient = policy.gradient.data.map((g, k) => g + kl.gradient.data[k]!);
  return [
    { actual: policy.loss + kl.loss, expected: c.loss, tolerance: FLOAT64 },
    { actual: gradient, expected: c.grad.flat(), tolerance: FLOAT64 },
  ];
}

export function cases(): ParityCase[] {
  const { header, cases } = golden<Case>('loss_liger');
  return cases.map((c) => ({
    file: 'loss_liger',
    name: `loss_type ${c.config.loss_type}`,
    preset: 'liger',
    run: () => compare(c, header.inputs[c.in]!),
  }));
}
