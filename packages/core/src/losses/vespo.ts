import { checkAtLeast } from '../checks.js';
import { hasPart, type LossTerms, termsFor, type TokenBatch } from './tokens.js';

/** Options of {@link vespo}. */
export interface VespoOptions {
  /** k for A ≥ 0: the power of the ratio. @defaultValue 2 */
  readonly powerPositive?: number | undefined;
  /** λ for A ≥ 0: how soon large ratios are damped. @defaultValue 3 */
  readonly dampingPositive?: number | undefined;
  /** k for A < 0. @defaultValue 3 */
  readonly powerNegative?: number | undefined;
  /** λ for A < 0. @defaultValue 2 */
  readonly dampingNegative?: number | undefined;
}

// TRL's bounds of the log weight: e^W is representable, and so is its damped image
const [LEAST, MOST] = [Math.log(1e-8), 20];

/**
 * A sequence's importance weight W, reshaped to a bump around 1, as a constant weight of its tokens (VESPO).
 *
 * L = −sg(φ) A logp, φ = exp(λ + k log W − λW), log W = Σ_t ℓ_t held within [ln 1e-8, 20]
 *
 * As in TRL 1.16 (`loss_type: "vespo"`). A correction for the sampler's mismatch is part of W: it is not multiplied on again.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @throws RangeError for a negative option.
 * @example
 * ```ts
 * const at = (x: number) => Float64Array.of(x);
 * const tokens = { columns: 1, mask: Uint8Array.of(1), logps: at(-2), logRatio: at(0), advantages: at(1), weights: at(1) };
 * vespo(tokens).value[0]; // 2: φ = 1 on-policy
 * ```
 */
export function vespo(
  tokens: TokenBatch,
  options: VespoOptions = {},
  out: LossTerms = termsFor('vespo', tokens),
): LossTerms {
  const { powerPositive = 2, dampingPositive = 3, powerNegative = 3, dampingNegative = 2 } = options;
  checkAtLeast('vespo', 'powerPositive', powerPositive, 0);
  checkAtLeast('vespo', 'dampingPositive', dampingPositive, 0);
  checkAtLeast('vespo', 'powerNegative', powerNegative, 0);
  checkAtLeast('vespo', 'dampingNegative', dampingNegative, 0);
  const { mask, logps, advantages, weights, corrections } = tokens;
  const { value, logpsGradient } = out;
  const logWeights = sequenceLogWeights(tokens);
  for (let k = 0; k < mask.length; k++) {
    if (!hasPart(tokens, k)) continue;
    const good = advantages[k]! >= 0;
    const power = good ? powerPositive : powerNegative;
    const damping = good ? dampingPositive : dampingNegative;
    const logWeight = logWeights[Math.floor(k / tokens.columns)]!;
    // `weights` carries the correction already; inside φ it must not count twice
    const again = corrections === undefined || corrections[k] === 0 ? 1 : corrections[k]!;
    const phi = Math.exp(damping + power * logWeight - damping * Math.exp(logWeight)) / again;
    const slope = -phi * advantages[k]!;
    value[k] = slope * logps[k]!;
    logpsGradient[k] = weights[k]! * slope;
  }
  return out;
}

function sequenceLogWeights({ mask, columns, logRatio, corrections }: TokenBatch): Float64Array {
  const sums = new Float64Array(Math.ceil(mask.length / Math.max(1, columns)));
  for (let k = 0; k < mask.length; k++) {
    if (mask[k] === 0) continue;
    sums[Math.floor(k / columns)]! += Math.max(-20, Math.min(20, logRatio[k]!)) + Math.log(corrections?.[k] ?? 1);
  }
  return sums.map((sum) => Math.max(LEAST, Math.min(MOST, sum)));
}
