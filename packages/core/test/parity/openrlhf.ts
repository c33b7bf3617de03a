import { aggregationWeights, type CorrectionStep, grpoLoss, type KlEstimator, tokenKl } from '../../src/index.js';
import { FLOAT64 } from '../support/close.js';
import { batchOf, golden, type GoldenInput, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { lossOf } from './preset.js';

interface Config {
  readonly token_level_loss?: boolean;
  readonly clip_eps_low?: number;
  readonly clip_eps_high?: number;
  readonly dual_clip?: number;
  readonly policy_loss_type?: 'gspo';
  readonly is_correction_level?: 'token' | 'seq';
  readonly is_correction_mode?: 'clip' | 'mask';
  readonly is_correction_gating?: 'binary_kl' | 'tv';
  readonly is_correction_threshold?: [number, number];
  readonly batch_num_tokens?: number;
  readonly global_batch_size?: number;
  readonly dp_size?: number;
}

interface LossCase {
  readonly in: number;
  readonly config: Config;
  readonly loss: number;
  readonly grad: number[][];
}

interface OtherCase {
  readonly fn: 'compute_approx_kl' | 'aggregate_loss';
  readonly in: number;
  readonly kind: string;
  readonly unbiasedGradient: boolean;
  readonly value: number[][] | null;
  readonly grad: number[][];
  readonly tokenLevel: boolean;
  readonly loss: number;
  readonly lossGlobal: number;
  readonly global: [ranks: number, tokens: number, sequences: number];
}

const raw: CorrectionStep = { kind: 'truncate', level: 'token', max: Infinity };

function correctionsOf(config: Config): CorrectionStep[] {
  const { is_correction_level: level, is_correction_mode: mode, is_correction_gating: gating } = config;
  const [min, max] = config.is_correction_threshold ?? [0, Infinity];
  if (level === undefined || config.policy_loss_type === 'gspo') return [];
  if (gating !== undefined) {
    const divergence = gating === 'tv' ? ('tv' as const) : ('binary-kl' as const);
    return [{ kind: 'reject', divergence, level: level === 'seq' ? 'sequence-mean' : 'token', max }, raw];
  }
  if (level === 'seq') return [{ kind: 'gate', level: 'sequence-mean', min, max }, raw];
  return [{ kind: mode === 'clip' ? 'truncate' : 'mask', level: 'token', min, max }];
}

function aggregationOf(tokenLevel: boolean, mask: number[][], global?: [number, number, number]) {
  const [ranks, tokens, sequences] = global ?? [
    1,
    mask.flat().reduce((a, b) => a + b, 0),
    mask.filter((row) => row.includes(1)).length,
  ];
  return {
    mode: tokenLevel ? ('token-mean' as const) : ('sequence-mean-token-mean' as const),
    counts: { tokens: tokens / ranks, sequences: sequences / ranks, filledSequences: sequences / ranks },
  };
}

function loss(c: LossCase, input: GoldenInput): Comparison[] {
  const { config } = c;
  const gspo = config.policy_loss_type === 'gspo';
  const batch = batchOf(input);
  const rollout = matrix(input.rolloutLogps);
  const global =
    config.dp_size === undefined
      ? undefined
      : ([config.dp_size, config.batch_num_tokens!, config.global_batch_size!] as [number, number, number]);
  const result = grpoLoss(
    // with a correction on, gspo takes its ratio against the sampler
    { ...batch, oldLogps: gspo && config.is_correction_level ? rollout : batch.oldLogps, samplerLogps: rollout },
    lossOf('openrlhf', {
      policy: { clipLow: config.clip_eps_low, clipHigh: config.clip_eps_high, dualClip: config.dual_clip },
      ratioLevel: gspo ? 'sequence' : undefined,
      corrections: correctionsOf(config),
      aggregation: aggregationOf(!gspo && (config.token_level_loss ?? true), input.mask, global),
    }),
  );
  return [
    { actual: result.loss, expected: c.loss, tolerance: FLOAT64 },
    { actual: result.gradient.data, expected: c.grad.flat(), tolerance: FLOAT64 },
  ];
}

function aggregate(c: OtherCase, input: GoldenInput): Comparison[] {
  const losses = input.entropies.flat().map((h) => h - 0.5); // the file's token losses
  const reduce = (global?: [number, number, number]) => {
    const { mode, ...options } = aggregationOf(c.tokenLevel, input.mask, global);
    return aggregationWeights(matrix(input.mask), mode, options).data.reduce((sum, w, k) => sum + w * losses[k]!, 0);
  };
  return [
    { actual: reduce(), expected: c.loss, tolerance: FLOAT64 },
    { actual: reduce(c.global), expected: c.lossGlobal, tolerance: FLOAT64 },
  ];
}

function kl(c: OtherCase, input: GoldenInput): Comparison[] {
  const everywhere = matrix(input.mask.map((row) => row.map(() => 1)));
  const { values, slopes } = tokenKl(matrix(input.logps), matrix(input.refLogps), everywhere, {
    estimator: (c.unbiasedGradient ? 'k2' : c.kind) as KlEstimator,
    clamp: 20,
    valueClamp: c.unbiasedGradient ? Infinity : 10,
    clampGradient: 'zero',
  });
  // e^-d + d - 1 in float32 keeps an absolute 2^-24 of 1
  const tolerance = { relative: 1e-6, absolute: 1e-7 };
  if (!c.unbiasedGradient) {
    return [
      { actual: values.data, expected: c.value!.flat(), tolerance },
      { actual: slopes.data, expected: c.grad.flat(), tolerance },
    ];
  }
  // straight-through: the gradient of k2, times the ratio to the old policy as a constant weight of at most 10
  const old = input.oldLogps.flat();
  const logps = input.logps.flat();
  const actual = slopes.data.map((slope, k) => slope * Math.min(10, Math.exp(logps[k]! - old[k]!)));
  return [{ actual, expected: c.grad.flat(), tolerance }];
}

export function cases(): ParityCase[] {
  const losses = golden<LossCase>('loss_openrlhf');
  const others = golden<OtherCase>('kl_agg_openrlhf');
  return [
    ...losses.cases.map((c) => ({
      file: 'loss_openrlhf',
      preset: 'openrlhf' as const,
      name: c.config.policy_loss_type === 'gspo' ? 'PolicyLoss gspo' : 'PolicyLoss ppo',
      run: () => loss(c, losses.header.inputs[c.in]!),
    })),
    ...others.cases.map((c) => ({
      file: 'kl_agg_openrlhf',
      name: c.fn,
      run: () => (c.fn === 'aggregate_loss' ? aggregate : kl)(c, others.header.inputs[c.in]!),
    })),
  ];
}
