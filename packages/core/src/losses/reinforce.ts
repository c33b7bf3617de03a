import { type LossTerms, type TokenBatch, tokenwise, ratioAt } from './tokens.js';

/**
 * The plain policy gradient: no ratio, no clip (REINFORCE, GPG; with all advantages 1 it is supervised fine-tuning).
 *
 * L = −A · logp
 *
 * See Williams (1992); GPG, arXiv 2504.02546.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @example
 * ```ts
 * const at = (x: number) => Float64Array.of(x);
 * const tokens = { columns: 1, mask: Uint8Array.of(1), logps: at(-2), logRatio: at(0), advantages: at(3), weights: at(1) };
 * reinforce(tokens).value[0]; // 6
 * ```
 */
export function reinforce(tokens: TokenBatch): LossTerms {
  return tokenwise(tokens, (out, k) => {
    out.logpsSlope = -tokens.advantages[k]!;
    out.value = out.logpsSlope * tokens.logps[k]!;
  });
}

/**
 * The importance-weighted policy gradient without any trust region.
 *
 * L = −ρA
 *
 * As Tinker's `importance_sampling`.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @example
 * ```ts
 * const at = (x: number) => Float64Array.of(x);
 * const tokens = { columns: 1, mask: Uint8Array.of(1), logps: at(-2), logRatio: at(0), advantages: at(3), weights: at(1) };
 * importanceWeighted(tokens).value[0]; // -3
 * ```
 */
export function importanceWeighted(tokens: TokenBatch): LossTerms {
  return tokenwise(tokens, (out, k) => {
    out.value = out.ratioSlope = -ratioAt(tokens, k) * tokens.advantages[k]!;
  });
}
