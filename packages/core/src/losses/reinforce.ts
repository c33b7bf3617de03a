import { hasPart, type LossTerms, ratiosOf, termsFor, type TokenBatch } from './tokens.js';

/**
 * The plain policy gradient: no ratio, no clip (REINFORCE, GPG; with all advantages 1 it is supervised fine-tuning).
 *
 * L = −A · logp
 *
 * See Williams (1992); GPG, arXiv 2504.02546.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @example
 * ```ts
 * const at = (x: number) => Float64Array.of(x);
 * const tokens = { columns: 1, mask: Uint8Array.of(1), logps: at(-2), logRatio: at(0), advantages: at(3), weights: at(1) };
 * reinforce(tokens).value[0]; // 6
 * ```
 */
export function reinforce(tokens: TokenBatch, out: LossTerms = termsFor('reinforce', tokens)): LossTerms {
  const { mask, logps, advantages, weights } = tokens;
  const { value, logpsGradient } = out;
  for (let k = 0; k < mask.length; k++) {
    if (!hasPart(tokens, k)) continue;
    value[k] = -advantages[k]! * logps[k]!;
    logpsGradient[k] = -weights[k]! * advantages[k]!;
  }
  return out;
}

/**
 * The importance-weighted policy gradient without any trust region.
 *
 * L = −ρA
 *
 * As Tinker's `importance_sampling`.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @example
 * ```ts
 * const at = (x: number) => Float64Array.of(x);
 * const tokens = { columns: 1, mask: Uint8Array.of(1), logps: at(-2), logRatio: at(0), advantages: at(3), weights: at(1) };
 * importanceWeighted(tokens).value[0]; // -3
 * ```
 */
export function importanceWeighted(
  tokens: TokenBatch,
  out: LossTerms = termsFor('importanceWeighted', tokens),
): LossTerms {
  const { mask, advantages, weights } = tokens;
  const ratios = ratiosOf(tokens);
  const { value, ratioGradient } = out;
  for (let k = 0; k < mask.length; k++) {
    if (!hasPart(tokens, k)) continue;
    value[k] = -ratios[k]! * advantages[k]!;
    ratioGradient[k] = weights[k]! * value[k]!;
  }
  return out;
}
