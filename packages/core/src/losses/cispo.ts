import { checkAtLeast, checkPositive, fail } from '../checks.js';
import { hasPart, type LossTerms, ratiosOf, termsFor, type TokenBatch } from './tokens.js';

/** Options of {@link cispo}: an absolute cap, or bounds relative to 1. The same words mean either in different systems. */
export interface CispoOptions {
  /** The weight is at most this (TRL, Liger and ms-swift call it `epsilon_high`). @defaultValue 5 */
  readonly ratioCap?: number | undefined;
  /** Instead of a cap: the weight is at least 1 − clipLow (verl, EasyR1, SkyRL). @defaultValue 0 as weight */
  readonly clipLow?: number | undefined;
  /** Instead of a cap: the weight is at most 1 + clipHigh (verl, EasyR1, SkyRL). @defaultValue off */
  readonly clipHigh?: number | undefined;
}

/**
 * Clipped importance weights as constants (CISPO): every token keeps a gradient, only its weight is bounded.
 *
 * L = −sg(w) · A · logp, w = min(ρ, cap) or clip(ρ, 1 − ε_low, 1 + ε_high)
 *
 * See MiniMax-M1, arXiv 2506.13585.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @throws RangeError when both a cap and relative bounds are given, or a bound is negative.
 * @example
 * ```ts
 * const at = (x: number) => Float64Array.of(x);
 * const tokens = { columns: 1, mask: Uint8Array.of(1), logps: at(-2), logRatio: at(3), advantages: at(1), weights: at(1) };
 * cispo(tokens, { ratioCap: 5 }).value[0]; // 10
 * ```
 */
export function cispo(
  tokens: TokenBatch,
  options: CispoOptions = {},
  out: LossTerms = termsFor('cispo', tokens),
): LossTerms {
  const [least, most] = weightBounds(options);
  const { mask, logps, advantages, weights } = tokens;
  const ratios = ratiosOf(tokens);
  const { value, logpsGradient } = out;
  for (let k = 0; k < mask.length; k++) {
    if (!hasPart(tokens, k)) continue;
    const slope = -Math.min(most, Math.max(least, ratios[k]!)) * advantages[k]!;
    value[k] = slope * logps[k]!;
    logpsGradient[k] = weights[k]! * slope;
  }
  return out;
}

function weightBounds({ ratioCap, clipLow, clipHigh }: CispoOptions): [number, number] {
  if (clipLow === undefined && clipHigh === undefined) {
    checkPositive('cispo', 'ratioCap', ratioCap ?? 5);
    return [0, ratioCap ?? 5];
  }
  if (ratioCap !== undefined) fail('cispo', 'ratioCap', 'not be given together with clipLow or clipHigh', ratioCap);
  checkAtLeast('cispo', 'clipLow', clipLow ?? 1, 0);
  checkAtLeast('cispo', 'clipHigh', clipHigh ?? Infinity, 0);
  return [Math.max(0, 1 - (clipLow ?? 1)), 1 + (clipHigh ?? Infinity)];
}
