import { checkAtLeast, checkOneOf, fail } from '../checks.js';

/**
 * Over what an importance weight is taken: each token; the sequence, as the product of its tokens' ratios; or the sequence, as
 * their geometric mean. The product is unbiased and wild, the mean tame and biased.
 */
export type CorrectionLevel = 'token' | 'sequence' | 'sequence-mean';

/** Weight by w held within [min, max] (TIS). */
export interface TruncateStep {
  /** Names the step. */
  readonly kind: 'truncate';
  /** What w is taken over. */
  readonly level: CorrectionLevel;
  /** @defaultValue 0 */
  readonly min?: number;
  /** Infinity for the plain weight. */
  readonly max: number;
}

/**
 * `mask`: weight by w where it lies within [min, max], else 0 (IcePop at token level, MIS at sequence level). `gate`: weight 1
 * there, else 0.
 */
export interface MaskStep {
  /** Names the step. */
  readonly kind: 'mask' | 'gate';
  /** What w is taken over. */
  readonly level: CorrectionLevel;
  /** @defaultValue 0 */
  readonly min?: number;
  /** @defaultValue Infinity */
  readonly max?: number;
}

/** Drop a sequence in which any token's w lies outside [min, max]. */
export interface OutlierStep {
  /** Names the step. */
  readonly kind: 'outliers';
  /** @defaultValue 0 */
  readonly min?: number;
  /** @defaultValue Infinity */
  readonly max?: number;
}

/** Drop where a divergence is above `max`. */
export interface RejectStep {
  /** Names the step. */
  readonly kind: 'reject';
  /** `k2` and `k3` of −log w, binary KL of (sampler, old), or the difference of probabilities. */
  readonly divergence: 'k2' | 'k3' | 'binary-kl' | 'tv';
  /** By token, or by sequence over the sum, mean or maximum of its tokens. */
  readonly level: 'token' | 'sequence-sum' | 'sequence-mean' | 'sequence-max';
  /** The largest divergence kept. */
  readonly max: number;
}

/**
 * Drop a sequence of A < 0 on which the trained policy has fallen behind the sampler by more than `max` in mean
 * log-probability (OPSM of DeepSeek-V3.2, arXiv 2512.02556).
 */
export interface OffPolicyStep {
  /** Names the step. */
  readonly kind: 'off-policy';
  /** The largest mean difference kept. */
  readonly max: number;
}

/**
 * When the mean |ρ − 1| of the batch is above `max`, drop the tokens that would raise it: ρ > 1 with A > 0, or ρ < 1 with A < 0 (as
 * open-instruct's VACO mask).
 */
export interface TvBoundStep {
  /** Names the step. */
  readonly kind: 'tv-bound';
  /** The bound. */
  readonly max: number;
}

/** Divide the weights so far by their mean. */
export interface NormalizeStep {
  /** Names the step. */
  readonly kind: 'normalize';
  /** The mean over counted tokens, or over sequences of their mean in each. @defaultValue 'tokens' */
  readonly over?: 'tokens' | 'sequences';
}

/**
 * One step of a correction for tokens that were sampled by a policy slightly other than the one trained (another engine, other
 * kernels, older weights). Ratios are w = π_old / π_sampler; all are constants to the gradient. Steps multiply.
 */
export type CorrectionStep =
  TruncateStep | MaskStep | OutlierStep | RejectStep | OffPolicyStep | TvBoundStep | NormalizeStep;

const kinds = ['truncate', 'mask', 'gate', 'outliers', 'reject', 'off-policy', 'tv-bound', 'normalize'] as const;

/** @internal */
export function checkStep(where: string, step: CorrectionStep): void {
  checkOneOf(where, 'kind', step.kind, kinds);
  if (step.kind === 'normalize') {
    checkOneOf(where, 'normalize.over', step.over ?? 'tokens', ['tokens', 'sequences']);
    return;
  }
  const { max = Infinity } = step;
  checkAtLeast(where, `${step.kind}.max`, max, 0);
  if ('min' in step && !(step.min <= max)) fail(where, `${step.kind}.min`, `be at most max ${max}`, step.min);
  if (step.kind === 'reject') {
    checkOneOf(where, 'reject.divergence', step.divergence, ['k2', 'k3', 'binary-kl', 'tv']);
    checkOneOf(where, 'reject.level', step.level, ['token', 'sequence-sum', 'sequence-mean', 'sequence-max']);
  } else if ('level' in step) {
    checkOneOf(where, `${step.kind}.level`, step.level, ['token', 'sequence', 'sequence-mean']);
  }
}
