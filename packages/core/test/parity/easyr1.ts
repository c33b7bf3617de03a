import { grpoLoss, type KlEstimator } from '../../src/index.js';
import { FLOAT32_INSIDE, FLOAT64 } from '../support/close.js';
import { batchOf, golden, type GoldenInput } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { compareClampedKl } from './clamped-kl.js';
import { lossOf, type PolicyChanges } from './preset.js';

interface Case {
  readonly variant: string;
  readonly in: number;
  readonly config: {
    readonly clip_ratio_low: number;
    readonly clip_ratio_high: number;
    readonly clip_ratio_dual: number;
    readonly tau_positive: number;
    readonly tau_negative: number;
    readonly loss_type: 'default' | 'gspo' | 'gspo_token' | 'cispo' | 'sapo';
    readonly loss_avg_mode: 'token' | 'seq';
  };
  readonly loss: number;
  readonly grad?: number[][];
  readonly value?: number[][];
  /** Of the values, where the file holds no more. */
  readonly sum?: number;
}

function policyOf({ config }: Case): PolicyChanges {
  const bounds = { clipLow: config.clip_ratio_low, clipHigh: config.clip_ratio_high };
  if (config.loss_type === 'cispo') return { type: 'cispo', ...bounds };
  if (config.loss_type === 'sapo') {
    return { type: 'sapo', temperaturePositive: config.tau_positive, temperatureNegative: config.tau_negative };
  }
  return { ...bounds, dualClip: config.clip_ratio_dual };
}

const levels = {
  gspo: 'sequence',
  gspo_token: 'sequence-token',
  default: 'token',
  cispo: 'token',
  sapo: 'token',
} as const;

function loss(c: Case, input: GoldenInput): Comparison[] {
  const mode = c.config.loss_avg_mode === 'token' ? 'token-mean' : 'sequence-mean-token-mean';
  const changes = { policy: policyOf(c), ratioLevel: levels[c.config.loss_type], aggregation: { mode } } as const;
  const result = grpoLoss(batchOf(input), lossOf('easyr1', changes));
  const tolerance = c.config.loss_type === 'sapo' ? FLOAT32_INSIDE : FLOAT64;
  return [
    { actual: result.loss, expected: c.loss, tolerance },
    { actual: result.gradient.data, expected: c.grad!.flat(), tolerance },
  ];
}

const kinds: Readonly<Record<string, KlEstimator>> = { kl: 'k1', abs: 'abs', mse: 'k2', low_var_kl: 'k3' };

function kl(c: Case, input: GoldenInput): Comparison[] {
  const everywhere = input.mask.map((row) => row.map(() => 1));
  return compareClampedKl(kinds[c.variant.slice('kl/'.length)]!, input, everywhere, c, 1e-7);
}

export function cases(): ParityCase[] {
  const { header, cases } = golden<Case>('loss_easyr1');
  return cases.map((c) => {
    const isKl = c.variant.startsWith('kl/');
    return {
      file: 'loss_easyr1',
      name: isKl ? 'compute_kl' : `compute_policy_loss ${c.config.loss_type}`,
      ...(!isKl && { preset: 'easyr1' as const }),
      run: () => (isKl ? kl : loss)(c, header.inputs[c.in]!),
    };
  });
}
