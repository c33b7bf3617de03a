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
  readonly advantages: Float64Array;
  /** Weight of each token's value in the loss, 0 under mask 0. */
  readonly weights: Float64Array;
}

/** Why a token's gradient is exactly 0: nothing, the lower bound, the upper bound, or the second upper bound for A < 0. */
export const CLIP = { none: 0, low: 1, high: 2, dual: 3 } as const;

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
