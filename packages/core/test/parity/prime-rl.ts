import { grpoLoss } from '../../src/index.js';
import { FLOAT64 } from '../support/close.js';
import { batchOf, golden, type GoldenInput, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { lossOf, type PolicyChanges } from './preset.js';

interface Case {
  readonly variant: string;
  readonly in: number;
  readonly config: {
    readonly dppo_mask_low?: number;
    readonly dppo_mask_high?: number;
    readonly ipo_threshold?: number;
    readonly adv_tau?: number;
    readonly kl_tau?: number;
  };
  readonly loss: number;
  readonly grad: number[][];
}

function policyOf({ variant, config }: Case): PolicyChanges {
  if (variant === 'ce') return { type: 'reinforce' };
  if (variant === 'ref_kl') return { type: 'importance-weighted' };
  if (variant === 'ipo') return { divergence: 'symmetric', low: config.ipo_threshold, high: config.ipo_threshold };
  return { low: config.dppo_mask_low, high: config.dppo_mask_high };
}

function compare(c: Case, input: GoldenInput): Comparison[] {
  const { adv_tau: tau = 1, kl_tau: drift = c.variant === 'ce' ? 0 : undefined } = c.config;
  const scale = (a: number) => (c.variant === 'ce' ? 1 : tau * a);
  const given = (b: number, t: number) => {
    const a = input.advantages[b]!;
    return scale(typeof a === 'number' ? a : a[t]!);
  };
  // 'ref_kl' has the reference's lead over the policy for an advantage, and drops what fell by more than 0.2
  const advantages = input.mask.map((row, b) =>
    row.map((_, t) => {
      if (c.variant !== 'ref_kl') return given(b, t);
      const probability = (logps: number[][]) => Math.exp(logps[b]![t]!);
      const moved = probability(input.logps) - probability(input.rolloutLogps);
      const outside = moved < -0.2;
      return outside ? 0 : input.refLogps[b]![t]! - input.logps[b]![t]!;
    }),
  );
  const rollout = matrix(input.rolloutLogps);
  const { loss, gradient } = grpoLoss(
    { ...batchOf(input), advantages: matrix(advantages), oldLogps: rollout, refLogps: rollout },
    lossOf('prime-rl', {
      policy: policyOf(c),
      // its drift term is drift · ℓ² against the sampler: k2 is half of that
      kl: { coefficient: drift === undefined ? undefined : 2 * drift },
      aggregation: { mode: 'token-sum' },
    }),
  );
  return [
    { actual: loss, expected: c.loss, tolerance: FLOAT64 },
    { actual: gradient.data, expected: c.grad.flat(), tolerance: FLOAT64 },
  ];
}

export function cases(): ParityCase[] {
  const { header, cases } = golden<Case>('loss_prime_rl');
  return cases.map((c) => ({
    file: 'loss_prime_rl',
    name: c.variant,
    preset: 'prime-rl',
    run: () => compare(c, header.inputs[c.in]!),
  }));
}
