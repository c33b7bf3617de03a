import { checkLength, fail } from '../checks.js';
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
  /** Weight of each token's value in the loss. */
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
  /** [B*T] d(Σ weights · value) / d logps other than through the ratio. */
  readonly logpsGradient: Float64Array;
  /** [B*T] one of {@link CLIP}. */
  readonly clipped: Uint8Array;
}

/** @internal Terms that are 0, for a policy loss to fill: what it leaves alone contributes nothing. */
export function emptyTerms(tokens: number): LossTerms {
  return {
    value: new Float64Array(tokens),
    ratioGradient: new Float64Array(tokens),
    logpsGradient: new Float64Array(tokens),
    clipped: new Uint8Array(tokens),
  };
}

/** @internal Terms for a call from outside, whose tokens are checked first; `grpoLoss` brings its own, of tokens that it has read. */
export function termsFor(where: string, tokens: TokenBatch): LossTerms {
  const { mask, columns, groups } = tokens;
  const rows = mask.length === 0 ? 0 : mask.length / columns;
  if (!Number.isInteger(rows)) fail(where, 'columns', `divide the ${mask.length} tokens into rows`, columns);
  if (groups !== undefined) checkLength(where, 'groups', groups.length, rows);
  for (const name of ['logps', 'logRatio', 'advantages', 'weights', 'ratios', 'oldLogps', 'corrections'] as const) {
    const values = tokens[name];
    if (values === undefined) continue;
    checkLength(where, name, values.length, mask.length);
    const wrong = values.findIndex((x, k) => mask[k] === 1 && !Number.isFinite(x));
    if (wrong >= 0) fail(where, name, `be finite where the mask is 1, at [${wrong}]`, values[wrong]);
  }
  return emptyTerms(mask.length);
}

/** @internal Makes terms 0 again, for the next block of rows. */
export function clearTerms({ value, ratioGradient, logpsGradient, clipped }: LossTerms): void {
  value.fill(0);
  ratioGradient.fill(0);
  logpsGradient.fill(0);
  clipped.fill(0);
}

/** @internal The importance ratio of each token. */
export const ratiosOf = ({ ratios, logRatio }: TokenBatch): Float64Array => ratios ?? logRatio.map(Math.exp);

/**
 * @internal Whether a token has a part in a loss whose tokens do not depend on one another. One of advantage 0 contributes
 * nothing to any of these, and an infinite ratio (no clamp) times 0 would be NaN.
 */
export const hasPart = ({ mask, advantages }: TokenBatch, k: number): boolean => mask[k] === 1 && advantages[k] !== 0;
