import { checkAtLeast, checkOneOf, checkPositive } from '../checks.js';
import { type ClippedOptions, clippedSurrogate } from './clipped.js';
import { type LossTerms, ratiosOf, termsFor, type TokenBatch } from './tokens.js';

/** Options of {@link fipo}. */
export interface FipoOptions extends ClippedOptions {
  /** Tokens after which a later token's influence is halved. @defaultValue 32 */
  readonly halfLife?: number | undefined;
  /** The factor is held within 1 ± this (or from 1 to 1 + this). @defaultValue 0.2 */
  readonly factorClip?: number | undefined;
  /** Whether the future may only raise a token's weight, or lower it too. @defaultValue 'raise' */
  readonly direction?: 'raise' | 'both' | undefined;
  /** For A < 0 and a ratio above this the factor is at most 1. @defaultValue 4 */
  readonly safeRatio?: number | undefined;
}

/**
 * The clipped surrogate, each token weighted by how the policy has moved on the tokens that follow it (FIPO).
 *
 * L = f_t · L_clip, f_t = sg(clip(exp(Σ_{k≥t} γ^{k−t} ℓ_k), 1, 1 + ε_f)), γ = 2^(−1/halfLife)
 *
 * As in ms-swift 4.6 (`loss_type fipo`): tokens whose ratio is above `dualClip` are left out of the sum.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @throws RangeError for a half-life not above 0 or negative bounds.
 * @example
 * ```ts
 * const two = (a: number, b: number) => Float64Array.of(a, b);
 * const tokens = { columns: 2, mask: Uint8Array.of(1, 1), logps: two(-1, -1), logRatio: two(0, 0.1), advantages: two(1, 1), weights: two(1, 1) };
 * fipo(tokens).value[0]; // -exp(0.1 · 2^(-1/32)) = -1.103
 * ```
 */
export function fipo(
  tokens: TokenBatch,
  options: FipoOptions = {},
  out: LossTerms = termsFor('fipo', tokens),
): LossTerms {
  const { halfLife = 32, factorClip = 0.2, direction = 'raise', safeRatio = 4, dualClip = Infinity } = options;
  checkPositive('fipo', 'halfLife', halfLife);
  checkAtLeast('fipo', 'factorClip', factorClip, 0);
  checkPositive('fipo', 'safeRatio', safeRatio);
  checkOneOf('fipo', 'direction', direction, ['raise', 'both']);
  const { mask, columns, logRatio, advantages } = tokens;
  const ratios = ratiosOf(tokens);
  clippedSurrogate(tokens, options, out);
  const decay = 2 ** (-1 / halfLife);
  for (let end = mask.length; end > 0; end -= columns) {
    let future = 0;
    for (let k = end - 1; k >= end - columns; k--) {
      future *= decay;
      if (mask[k] === 0) continue;
      const ratio = ratios[k]!;
      if (ratio <= dualClip) future += logRatio[k]!;
      const careful = advantages[k]! < 0 && ratio > safeRatio;
      const least = direction === 'both' ? 1 - factorClip : 1;
      const factor = Math.min(careful ? 1 : 1 + factorClip, Math.max(least, Math.exp(future)));
      out.value[k]! *= factor;
      out.ratioGradient[k]! *= factor;
    }
  }
  return out;
}
