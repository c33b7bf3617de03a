import {
  type AggregationMode,
  correctionWeights,
  type CorrectionStep,
  grpoLoss,
  type GrpoOptions,
} from '../../src/index.js';
import { FLOAT32_INSIDE, FLOAT64 } from '../support/close.js';
import { batchOf, golden, type GoldenInput, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { lossOf, type PolicyChanges } from './preset.js';

interface Case {
  readonly fn: string;
  readonly variant: string;
  readonly agg: AggregationMode;
  readonly in: number;
  readonly config: Readonly<Record<string, number | string | boolean | null>>;
  readonly isWeights?: string;
  readonly perm?: number[];
  readonly loss: number;
  readonly grad: number[][];
}

/** verl's global batch: counts of the whole, times the data-parallel ranks that will be averaged. */
export function verlAggregation(
  agg: AggregationMode,
  config: Case['config'],
  mask: number[][],
): NonNullable<GrpoOptions['aggregation']> {
  const ranks = Number(config['dp_size'] ?? 1);
  const tokens = mask.flat().reduce((a, b) => a + b, 0);
  const filled = mask.filter((row) => row.includes(1)).length;
  const whole = Number(config['batch_num_tokens'] ?? tokens);
  const sequences = Number(config['global_batch_size'] ?? filled);
  const length = config['loss_scale_factor'];
  return {
    mode: agg,
    ...(typeof length === 'number' && { length }),
    counts: { tokens: whole / ranks, sequences: sequences / ranks, filledSequences: sequences / ranks },
  };
}

function policyOf(c: Case): PolicyChanges {
  const { clip_ratio_low: clipLow, clip_ratio_high: clipHigh, clip_ratio_c: dualClip } = c.config;
  const bounds = { clipLow: clipLow ?? 0.2, clipHigh: clipHigh ?? 0.2 };
  switch (c.fn) {
    case 'sapo':
      return { type: 'sapo', temperaturePositive: c.config['tau_pos'], temperatureNegative: c.config['tau_neg'] };
    case 'gpg':
      return { type: 'reinforce' };
    case 'kl_cov':
      return { type: 'kl-cov', share: c.config['kl_cov_ratio'], coefficient: c.config['ppo_kl_coef'] ?? 0.1 };
    case 'clip_cov': {
      const { clip_cov_ratio: share, clip_cov_lb: lower, clip_cov_ub: upper } = c.config;
      return { type: 'clip-cov', ...bounds, share, lower, upper, order: () => c.perm ?? [] };
    }
    case 'geo_mean':
      return { type: 'gmpo', ...bounds };
    case 'cispo':
      return { type: 'cispo', ...bounds };
    case 'dppo_tv':
    case 'dppo_kl': {
      const divergence = c.fn === 'dppo_tv' ? 'tv' : 'kl';
      return { type: 'dppo', divergence, low: bounds.clipLow, high: bounds.clipHigh, ratioCap: dualClip ?? 3 };
    }
    case 'dro':
      return { type: 'dro', beta: c.config['dro_beta'] };
    case 'gspo':
      return { clipLow, clipHigh, dualClip: Infinity };
    case 'bypass_mode':
      return c.config['loss_type'] === 'reinforce' ? { type: 'reinforce' } : { clipLow, clipHigh };
    default: // `clip_ratio` alone has no effect: the defaults of `clip_ratio_low` and `clip_ratio_high` win
      return { clipLow, clipHigh, dualClip };
  }
}

/** The functions have no KL term: verl adds it to what they return. */
const noKl = { coefficient: 0 };

function compare(c: Case, input: GoldenInput): Comparison[] {
  const batch = batchOf(input);
  const bypass = c.fn === 'bypass_mode';
  const reject = bypass ? bypassSteps(c) : [];
  let mask = input.mask;
  if (reject.some((step) => step.kind === 'gate')) {
    // rejected sequences leave the denominators too: they are masked before anything is counted
    const { weights } = correctionWeights(
      { mask: batch.mask, oldLogps: batch.logps, samplerLogps: matrix(input.rolloutLogps) },
      reject,
    );
    mask = mask.map((row, b) => row.map((m, t) => (m === 1 && weights.get(b, t) > 0 ? 1 : 0)));
  }
  const isWeights: CorrectionStep[] = c.isWeights === undefined ? [] : [{ kind: 'truncate', level: 'token', max: 2 }];
  const corrections = bypass ? reject.filter((step) => step.kind !== 'gate' && step.kind !== 'reject') : isWeights;
  const rollout = matrix(input.rolloutLogps);
  const result = grpoLoss(
    {
      ...batch,
      mask: matrix(mask),
      // bypass mode takes the sampler for the old policy in the ratio, and corrects REINFORCE by trained over sampler
      oldLogps: bypass && c.config['loss_type'] === 'reinforce' ? batch.logps : bypass ? rollout : batch.oldLogps,
      samplerLogps: rollout,
    },
    lossOf('verl', {
      policy: policyOf(c),
      ...(c.fn === 'gspo' && { ratioLevel: 'sequence-token', logRatioClamp: 10 }),
      kl: noKl,
      corrections: c.fn === 'geo_mean' || (bypass && c.config['loss_type'] !== 'reinforce') ? [] : corrections,
      aggregation:
        c.fn === 'geo_mean'
          ? { mode: 'sequence-mean-token-mean', emptySequences: 'count' }
          : verlAggregation(c.agg, c.config, mask),
    }),
  );
  const factors = c.fn === 'geo_mean' && c.isWeights !== undefined ? geometric(batch, input) : undefined;
  if (factors !== undefined) return geometricMean(c, input, factors);
  const tolerance = c.fn === 'sapo' ? FLOAT32_INSIDE : FLOAT64;
  return [
    { actual: result.loss, expected: c.loss, tolerance },
    { actual: result.gradient.data, expected: c.grad.flat(), tolerance },
  ];
}

function bypassSteps(c: Case): CorrectionStep[] {
  const steps: CorrectionStep[] = [];
  if (c.config['rollout_is'] !== null && c.config['rollout_is'] !== undefined) {
    const level = c.config['rollout_is'] === 'token' ? ('token' as const) : ('sequence' as const);
    steps.push({ kind: 'truncate', level, max: Number(c.config['rollout_is_threshold']) });
  }
  if (c.config['rollout_is_batch_normalize'] === true) steps.push({ kind: 'normalize', over: 'sequences' });
  // its k1 is of sampler over trained, the inverse of our ratio
  if (c.config['rollout_rs'] === 'seq_mean_k1')
    steps.push({ kind: 'gate', level: 'sequence-mean', min: 1 / 1.3, max: 1 / 0.7 });
  return steps;
}

/** The correction of each row in verl's geo_mean: the geometric mean of its token weights. */
function geometric(batch: ReturnType<typeof batchOf>, input: GoldenInput): number[] {
  const { weights } = correctionWeights(
    { mask: batch.mask, oldLogps: batch.oldLogps!, samplerLogps: matrix(input.rolloutLogps) },
    [{ kind: 'truncate', level: 'token', max: 2 }],
  );
  return input.mask.map((row, b) => {
    const logs = row.flatMap((m, t) => (m === 1 ? [Math.log(weights.get(b, t))] : []));
    return Math.exp(logs.reduce((a, x) => a + x, 0) / Math.max(1, logs.length));
  });
}

function geometricMean(c: Case, input: GoldenInput, factors: number[]): Comparison[] {
  const weights = matrix(
    input.mask.map((row, b) => {
      const length = row.reduce((a, m) => a + m, 0);
      return row.map((m) => (m * factors[b]!) / (Math.max(1, length) * input.mask.length));
    }),
  );
  const { loss, gradient } = grpoLoss(
    { ...batchOf(input), weights },
    lossOf('verl', { policy: policyOf(c), kl: noKl }),
  );
  return [
    { actual: loss, expected: c.loss, tolerance: FLOAT64 },
    { actual: gradient.data, expected: c.grad.flat(), tolerance: FLOAT64 },
  ];
}

export function cases(): ParityCase[] {
  const { header, cases } = golden<Case>('loss_verl');
  return cases.map((c) => ({
    file: 'loss_verl',
    name: c.fn,
    preset: 'verl',
    run: () => compare(c, header.inputs[c.in]!),
  }));
}
