import { checkAtLeast, fail } from '../checks.js';
import { CLIP, hasPart, type LossTerms, ratiosOf, termsFor, type TokenBatch } from './tokens.js';

/** Options of {@link clippedSurrogate}. */
export interface ClippedOptions {
  /** The ratio is held above 1 − clipLow. @defaultValue 0.2 */
  readonly clipLow?: number | undefined;
  /** The ratio is held below 1 + clipHigh; DAPO's "clip higher" is 0.28. @defaultValue 0.2 */
  readonly clipHigh?: number | undefined;
  /**
   * For A < 0 the ratio is held below this too, which bounds the loss of a bad token that became likely. The same bound is
   * known as dual clip (arXiv 1912.09729, c = 3 in verl) and as two-sided clip (INTELLECT-2, arXiv 2505.07291, δ = 4).
   * @defaultValue Infinity (off)
   */
  readonly dualClip?: number | undefined;
}

/**
 * PPO's clipped surrogate with separate lower and upper bounds, per token.
 *
 * L = −min(ρA, clip(ρ, 1 − ε_low, 1 + ε_high) A); for A < 0 with a dual clip c: L = min(L, −cA).
 *
 * See PPO, arXiv 1707.06347, equation 7; DAPO, arXiv 2503.14476, for separate bounds.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @returns per-token values, the gradient with respect to the log ratio (−ρA, or exactly 0 where clipped), clip codes.
 * @throws RangeError when a bound is negative or `dualClip` lies below 1 + clipHigh.
 * @example
 * ```ts
 * const one = Float64Array.of(1);
 * const tokens = { columns: 1, mask: Uint8Array.of(1), logps: one, logRatio: Float64Array.of(0.5), advantages: one, weights: one };
 * clippedSurrogate(tokens).value[0]; // -1.2: the ratio 1.65 is held at 1.2
 * ```
 */
export function clippedSurrogate(
  tokens: TokenBatch,
  options: ClippedOptions = {},
  out: LossTerms = termsFor('clippedSurrogate', tokens),
): LossTerms {
  const where = 'clippedSurrogate';
  const { clipLow = 0.2, clipHigh = clipLow, dualClip = Infinity } = options;
  checkAtLeast(where, 'clipLow', clipLow, 0);
  checkAtLeast(where, 'clipHigh', clipHigh, 0);
  if (!(dualClip > 1)) fail(where, 'dualClip', 'be above 1', dualClip);
  const { mask, advantages, weights } = tokens;
  const ratios = ratiosOf(tokens);
  const { value, ratioGradient, clipped } = out;
  const [low, high] = [1 - clipLow, 1 + clipHigh];
  for (let k = 0; k < mask.length; k++) {
    if (!hasPart(tokens, k)) continue;
    const ratio = ratios[k]!;
    const advantage = advantages[k]!;
    const clip = clipCode(ratio, advantage, low, high, dualClip);
    clipped[k] = clip;
    if (clip === CLIP.none) {
      value[k] = -ratio * advantage;
      ratioGradient[k] = weights[k]! * value[k]!;
    } else value[k] = -advantage * (clip === CLIP.low ? low : clip === CLIP.high ? high : dualClip);
  }
  return out;
}

function clipCode(ratio: number, advantage: number, low: number, high: number, dual: number): number {
  if (advantage > 0) return ratio > high ? CLIP.high : CLIP.none;
  return ratio < low ? CLIP.low : ratio > dual ? CLIP.dual : CLIP.none;
}
