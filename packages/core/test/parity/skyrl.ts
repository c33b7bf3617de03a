import {
  aggregationWeights,
  type AggregationMode,
  type CorrectionStep,
  grpoLoss,
  type KlEstimator,
} from '../../src/index.js';
import { FLOAT32_INSIDE } from '../support/close.js';
import { batchOf, golden, type GoldenInput, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { compareClampedKl } from './clamped-kl.js';
import { lossOf, type PolicyChanges } from './preset.js';

type Config = Readonly<Record<string, number | string | Readonly<Record<string, number | string>>>>;

interface LossCase {
  readonly fn: string;
  readonly in: number;
  readonly config: Config;
  readonly perm?: number[];
  readonly loss: number;
  readonly grad: number[][];
}

interface OtherCase {
  readonly fn: 'apply_loss_reduction_to_advantages_minibatch' | 'compute_approx_kl';
  readonly in: number;
  readonly reduction: string;
  readonly microBatch: number;
  readonly maxSeqLen: number;
  readonly promptBoundaries: [number, number][];
  readonly scaledAdvantages: number[][];
  readonly kind: string;
  readonly masked: boolean;
  readonly value?: number[][];
  /** Of the values, where the file holds no more. */
  readonly sum?: number;
  readonly grad?: number[][];
}

function policyOf(c: LossCase): PolicyChanges {
  const part = (name: string) => (c.config[name] ?? {}) as Readonly<Record<string, number | string>>;
  const { eps_clip_low: clipLow, eps_clip_high: clipHigh } = c.config;
  switch (c.fn) {
    case 'dual_clip':
      return { clipLow, clipHigh, dualClip: c.config['clip_ratio_c'] ?? 3 };
    case 'cispo': {
      const { cispo_eps_clip_low: low = 0, cispo_eps_clip_high: high = 5 } = part('cispo');
      return { type: 'cispo', clipLow: low, clipHigh: high };
    }
    case 'sapo':
      return { type: 'sapo' };
    case 'rollout_is':
      return { type: 'ratio-window', clipLow, clipHigh };
    case 'dppo': {
      const { delta_low: low = 0.2, delta_high: high = 0.2, dppo_type: kind } = part('dppo');
      return { type: 'dppo', divergence: kind === 'binary_kl' ? 'kl' : 'tv', low, high };
    }
    case 'clip_cov': {
      const { clip_ratio: share, clip_cov_lb: lower, clip_cov_ub: upper } = part('clip_cov');
      return { type: 'clip-cov', clipLow, clipHigh, share, lower, upper, order: () => c.perm ?? [] };
    }
    case 'kl_cov':
      return { type: 'kl-cov', share: 0.2, coefficient: 1 };
    case 'importance_sampling':
      return { type: 'importance-weighted' };
    case 'cross_entropy':
      return { type: 'reinforce' };
    default:
      return { clipLow, clipHigh };
  }
}

function correctionsOf({ config }: LossCase): CorrectionStep[] {
  const number = (key: string) => (config[key] === undefined ? undefined : Number(config[key]));
  const steps: CorrectionStep[] = [];
  if (config['tis_ratio_type'] === 'token') steps.push({ kind: 'truncate', level: 'token', max: 2 });
  if (config['tis_ratio_type'] === 'sequence') steps.push({ kind: 'truncate', level: 'sequence', max: 5 });
  if (config['sequence_mask_metric'] === 'geometric') {
    steps.push({ kind: 'gate', level: 'sequence-mean', min: number('geo_mask_low')!, max: number('geo_mask_high')! });
  }
  if (config['sequence_mask_metric'] === 'product') steps.push({ kind: 'gate', level: 'sequence', min: 0.5, max: 2 });
  const [low, high] = [number('outlier_token_is_threshold_low'), number('outlier_token_is_threshold_high')];
  if (low !== undefined && high !== undefined) steps.push({ kind: 'outliers', min: low, max: high });
  const [least, most] = [number('token_mask_is_threshold_low'), number('token_mask_is_threshold_high')];
  if (least !== undefined && most !== undefined) steps.push({ kind: 'gate', level: 'token', min: least, max: most });
  return steps;
}

function loss(c: LossCase, input: GoldenInput): Comparison[] {
  const batch = batchOf(input);
  const rollout = matrix(input.rolloutLogps);
  const againstSampler = ['rollout_is', 'dppo'].includes(c.fn);
  const result = grpoLoss(
    {
      ...batch,
      ...(c.fn === 'cross_entropy' && { advantages: input.mask.map(() => 1) }),
      oldLogps: againstSampler ? rollout : batch.oldLogps,
      samplerLogps: rollout,
    },
    lossOf('skyrl', {
      policy: policyOf(c),
      ...(c.fn === 'gspo' && { ratioLevel: 'sequence-token', logRatioClamp: 10 }),
      corrections: correctionsOf(c),
      kl: { coefficient: 0 }, // its KL term is added to what the functions return
      aggregation: { mode: 'token-sum' }, // the reduction is in the advantages, see below
    }),
  );
  // the ratio is rounded to float32 in each token, and tokens of both signs cancel in the loss
  const absolute = 2 ** -23 * result.gradient.data.reduce((sum, g) => sum + Math.abs(g), 0);
  return [
    { actual: result.loss, expected: c.loss, tolerance: { relative: 1e-6, absolute } },
    { actual: result.gradient.data, expected: c.grad.flat(), tolerance: FLOAT32_INSIDE },
  ];
}

const modes: Readonly<Record<string, AggregationMode>> = {
  token_mean: 'token-mean',
  token_mean_legacy: 'token-mean',
  sequence_mean: 'sequence-mean-token-mean',
  seq_mean_token_sum_norm: 'constant',
  prompt_mean: 'prompt-mean',
};

/** SkyRL folds the reduction into the advantages, at every position: where it counts that is advantage times our weight. */
function reduction(c: OtherCase, input: GoldenInput): Comparison[] {
  const rows = input.mask.length;
  const advantages = (b: number, t: number) => {
    const a = input.advantages[b]!;
    return typeof a === 'number' ? a : a[t]!;
  };
  const groups = input.mask.map((_, b) => c.promptBoundaries.findIndex(([from, to]) => b >= from && b < to));
  const size = c.reduction === 'token_mean_legacy' ? c.microBatch : rows;
  const actual: number[] = [];
  for (let from = 0; from < rows; from += size) {
    const part = input.mask.slice(from, from + size);
    const { data } = aggregationWeights(matrix(part), modes[c.reduction]!, {
      emptySequences: 'count',
      length: c.maxSeqLen,
      groups: groups.slice(from, from + size),
    });
    const parts = Math.ceil(rows / size);
    part.forEach((row, i) =>
      row.forEach((_, t) => actual.push((data[i * row.length + t]! * advantages(from + i, t)) / parts)),
    );
  }
  const expected = input.mask.flatMap((row, b) =>
    row.map((m, t) => m * (c.scaledAdvantages[b]![t] ?? c.scaledAdvantages[b]![0]!)),
  );
  return [{ actual, expected, tolerance: FLOAT32_INSIDE }];
}

function kl(c: OtherCase, input: GoldenInput): Comparison[] {
  const mask = c.masked ? input.mask : input.mask.map((row) => row.map(() => 1));
  return compareClampedKl(c.kind as KlEstimator, input, mask, c, 0);
}

export function cases(): ParityCase[] {
  const losses = golden<LossCase>('loss_skyrl');
  const others = golden<OtherCase>('kl_agg_skyrl');
  return [
    ...losses.cases.map((c) => ({
      file: 'loss_skyrl',
      name: c.fn,
      preset: 'skyrl' as const,
      run: () => loss(c, losses.header.inputs[c.in]!),
    })),
    ...others.cases.map((c) => ({
      file: 'kl_agg_skyrl',
      name: c.fn,
      run: () => (c.fn === 'compute_approx_kl' ? kl : reduction)(c, others.header.inputs[c.in]!),
    })),
  ];
}
