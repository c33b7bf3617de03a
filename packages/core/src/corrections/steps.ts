import { checkAtLeast, checkOneOf, fail } from '../checks.js';

/**
 * Over what an importance weight is taken: each token; the sequence, as the product of its tokens' ratios; or the sequence, as
 * their geometric mean. The product is unbiased and wild, the mean tame and biased.
 */
export type CorrectionLevel = 'token' | 'sequence' | 'sequence-mean';

/**
 * One step of a correction for tokens that were sampled by a policy slightly other than the one trained (another engine, other
 * kernels, older weights). Ratios are w = π_old / π_sampler; all are constants to the gradient.
 *
 * - `truncate`: weight by w held within [min, max] (TIS).
 * - `mask`: weight by w where it lies within [min, max], else 0 (IcePop at token level, MIS at sequence level).
 * - `gate`: weight 1 where w lies within [min, max], else 0.
 * - `outliers`: drop a sequence in which any token's w lies outside [min, max].
 * - `reject`: drop where a divergence is above `max`: `k2` and `k3` of −log w, `binary-kl` of (sampler, old), `tv` = |difference of
 *   probabilities|; by token, or by sequence over the sum, mean or max of its tokens.
 * - `off-policy`: drop a sequence of A < 0 on which the trained policy has fallen behind the sampler by more than `max` in
 *   mean log-probability (OPSM of DeepSeek-V3.2, arXiv 2512.02556).
 * - `tv-bound`: when mean |w − 1| of the batch is above `max`, drop the tokens that would raise it: (π > old) with A > 0, or
 *   (π < old) with A < 0 (as open-instruct's VACO mask).
 * - `normalize`: divide the weights so far by their mean over the counted tokens, or over sequences of their mean in each.
 *
 * Steps multiply.
 */
export type CorrectionStep =
  | { readonly kind: 'truncate'; readonly level: CorrectionLevel; readonly min?: number; readonly max: number }
  | { readonly kind: 'mask' | 'gate'; readonly level: CorrectionLevel; readonly min?: number; readonly max?: number }
  | { readonly kind: 'outliers'; readonly min?: number; readonly max?: number }
  | {
      readonly kind: 'reject';
      readonly divergence: 'k2' | 'k3' | 'binary-kl' | 'tv';
      readonly level: 'token' | 'sequence-sum' | 'sequence-mean' | 'sequence-max';
      readonly max: number;
    }
  | { readonly kind: 'off-policy'; readonly max: number }
  | { readonly kind: 'tv-bound'; readonly max: number }
  | { readonly kind: 'normalize'; readonly over?: 'tokens' | 'sequences' };

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
