import { checkAtLeast } from '../checks.js';
import { CLIP, type LossTerms, type TokenBatch, tokenwise, ratioAt } from './tokens.js';

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
 * @throws RangeError for a negative bound.
 * @example
 * ```ts
 * const at = (x: number) => Float64Array.of(x);
 * const tokens = { columns: 1, mask: Uint8Array.of(1), logps: at(-2), logRatio: at(0.5), advantages: at(1), weights: at(1) };
 * ratioWindow(tokens).value[0]; // 0: the ratio 1.65 is outside
 * ```
 */
export function ratioWindow(tokens: TokenBatch, options: RatioWindowOptions = {}): LossTerms {
  const { clipLow = 0.2, clipHigh = clipLow } = options;
  checkAtLeast('ratioWindow', 'clipLow', clipLow, 0);
  checkAtLeast('ratioWindow', 'clipHigh', clipHigh, 0);
  const { logps, advantages } = tokens;
  return tokenwise(tokens, (out, k) => {
    const ratio = ratioAt(tokens, k);
    out.clip = ratio <= 1 - clipLow ? CLIP.low : ratio >= 1 + clipHigh ? CLIP.high : CLIP.none;
    out.logpsSlope = out.clip === CLIP.none ? -ratio * advantages[k]! : 0;
    out.value = out.clip === CLIP.none ? out.logpsSlope * logps[k]! : 0;
  });
}
