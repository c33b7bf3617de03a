import type { GroupId } from '../types.js';

/** A batch's tokens as the policy losses read them: flat, row-major [B*T], float64. Entries under mask 0 are ignored. */
export interface TokenBatch {
  /** T, so that row b is entries b*T to b*T + T. */
  readonly columns: number;
  /** 1 where a token counts. */
  readonly mask: Uint8Array;
  /** Log-probabilities under the policy being trained. */
  readonly logps: Float64Array;
  /** Log of the importance ratio, new over old, already clamped. */
  readonly logRatio: Float64Array;
  /** exp(logRatio), when it is at hand already. */
  readonly ratios?: Float64Array | undefined;
  /** One a token. */
  readonly advantages: Float64Array;
  /** Weight of each token's value in the loss, 0 under mask 0. */
  readonly weights: Float64Array;
  /** Log-probabilities under the old policy; absent = those of the policy itself. */
  readonly oldLogps?: Float64Array | undefined;
  /** [B] group of each row, for losses that compare completions. */
  readonly groups?: ArrayLike<GroupId> | undefined;
  /** Weights of a correction for the sampler's mismatch, already part of `weights`; only VESPO looks at them. */
  readonly corrections?: Float64Array | undefined;
}

/** Why a token's gradient is exactly 0: nothing, the lower bound, the upper bound, or the second upper bound for A < 0. */
export const CLIP = {
  /** It is not clipped. */
  none: 0,
  /** The lower bound holds. */
  low: 1,
  /** The upper bound holds. */
  high: 2,
  /** The second upper bound, for A < 0, holds. */
  dual: 3,
} as const;

/** What a policy loss computes. The loss is Σ weights · value. */
export interface LossTerms {
  /** [B*T] per-token loss before weighting; 0 under mask 0. */
  readonly value: Float64Array;
  /** [B*T] d(Σ weights · value) / d logRatio. */
  readonly ratioGradient: Float64Array;
  /** [B*T] d(Σ weights · value) / d logps other than through the ratio; absent = none. */
  readonly logpsGradient?: Float64Array;
  /** [B*T] one of {@link CLIP}. */
  readonly clipped: Uint8Array;
}

/** @internal The importance ratio of a token. */
export function ratioAt(tokens: TokenBatch, k: number): number {
  return tokens.ratios === undefined ? Math.exp(tokens.logRatio[k]!) : tokens.ratios[k]!;
}

/** @internal What one token contributes: its value and its two slopes, before weighting, and a clip code. */
export interface TokenTerm {
  value: number;
  ratioSlope: number;
  logpsSlope: number;
  clip: number;
}

/**
 * @internal Terms of a loss whose tokens do not depend on one another. `fill` writes into one shared object, so that nothing
 * is allocated per token. It is not called for tokens of advantage 0: they contribute nothing in any of these losses, and an
 * infinite ratio (no clamp) times 0 would be NaN.
 */
export function tokenwise(tokens: TokenBatch, fill: (out: TokenTerm, k: number) => void): Required<LossTerms> {
  const { mask, weights, advantages } = tokens;
  const value = new Float64Array(mask.length);
  const ratioGradient = new Float64Array(mask.length);
  const logpsGradient = new Float64Array(mask.length);
  const clipped = new Uint8Array(mask.length);
  const out: TokenTerm = { value: 0, ratioSlope: 0, logpsSlope: 0, clip: CLIP.none };
  for (let k = 0; k < mask.length; k++) {
    if (mask[k] === 0 || advantages[k] === 0) continue;
    out.ratioSlope = out.logpsSlope = 0;
    out.clip = CLIP.none;
    fill(out, k);
    value[k] = out.value;
    ratioGradient[k] = weights[k]! * out.ratioSlope;
    logpsGradient[k] = weights[k]! * out.logpsSlope;
    clipped[k] = out.clip;
  }
  return { value, ratioGradient, logpsGradient, clipped };
}
