import { checkAtLeast } from '../checks.js';
import { CLIP, hasPart, type LossTerms, ratiosOf, termsFor, type TokenBatch } from './tokens.js';

/** Options of {@link ratioWindow}. */
export interface RatioWindowOptions {
  /** @defaultValue 0.2 */
  readonly clipLow?: number | undefined;
  /** @defaultValue as `clipLow` */
  readonly clipHigh?: number | undefined;
}

/**
 * The importance-weighted policy gradient of tokens whose ratio lies within a window; the others are left out whatever the
 * sign of A (GLM-5's correction against the rollout policy).
 *
 * L = −sg(ρ · [1 − ε_low < ρ < 1 + ε_high]) A logp
 *
 * As SkyRL's `rollout_is`, which takes the sampler's log-probabilities for the old policy's.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @throws RangeError for a negative bound.
 * @example
 * ```ts
 * const at = (x: number) => Float64Array.of(x);
 * const tokens = { columns: 1, mask: Uint8Array.of(1), logps: at(-2), logRatio: at(0.5), advantages: at(1), weights: at(1) };
 * ratioWindow(tokens).value[0]; // 0: the ratio 1.65 is outside
 * ```
 */
export function ratioWindow(
  tokens: TokenBatch,
  options: RatioWindowOptions = {},
  out: LossTerms = termsFor('ratioWindow', tokens),
): LossTerms {
  const { clipLow = 0.2, clipHigh = clipLow } = options;
  checkAtLeast('ratioWindow', 'clipLow', clipLow, 0);
  checkAtLeast('ratioWindow', 'clipHigh', clipHigh, 0);
  const { mask, logps, advantages, weights } = tokens;
  const ratios = ratiosOf(tokens);
  const { value, logpsGradient, clipped } = out;
  for (let k = 0; k < mask.length; k++) {
    if (!hasPart(tokens, k)) continue;
    const ratio = ratios[k]!;
    clipped[k] = ratio <= 1 - clipLow ? CLIP.low : ratio >= 1 + clipHigh ? CLIP.high : CLIP.none;
    if (clipped[k] !== CLIP.none) continue;
    const slope = -ratio * advantages[k]!;
    value[k] = slope * logps[k]!;
    logpsGradient[k] = weights[k]! * slope;
  }
  return out;
}
