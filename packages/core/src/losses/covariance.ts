import { checkAtLeast, fail } from '../checks.js';
import { maskedMean } from '../metrics.js';
import { seeded } from '../random.js';
import { type ClippedOptions, clippedSurrogate } from './clipped.js';
import { importanceWeighted } from './reinforce.js';
import { CLIP, type LossTerms, termsFor, type TokenBatch } from './tokens.js';

/** Options of {@link clipCov}. */
export interface ClipCovOptions extends ClippedOptions {
  /** Share of the counted tokens to silence, at least one token. @defaultValue 2e-4 */
  readonly share?: number | undefined;
  /** Tokens with a covariance above this may be silenced, ... @defaultValue 1 */
  readonly lower?: number | undefined;
  /** ... and below this. @defaultValue 5 */
  readonly upper?: number | undefined;
  /** Seed of the draw; use a new one each step. One of `seed` and `order` must be given. */
  readonly seed?: string | undefined;
  /** Instead of a seed: the order in which n candidates are drawn. */
  readonly order?: ((n: number) => ArrayLike<number>) | undefined;
}

/**
 * The clipped surrogate, with a few randomly drawn tokens of high covariance between advantage and log-probability silenced,
 * which are those that make the entropy collapse (Clip-Cov).
 *
 * cov_t = (A_t − mean A)(logp_t − mean logp)
 *
 * See "The Entropy Mechanism", arXiv 2505.22617.
 *
 * The silenced tokens are counted as clipped high: likely tokens of positive advantage, mostly. The draw is over the batch given
 * here, so that micro-batches draw on their own.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @throws RangeError when neither `seed` nor `order` is given, or a share is negative.
 * @example
 * ```ts
 * const two = (a: number, b: number) => Float64Array.of(a, b);
 * const tokens = { columns: 2, mask: Uint8Array.of(1, 1), logps: two(0, -4), logRatio: two(0, 0), advantages: two(2, -1), weights: two(1, 1) };
 * clipCov(tokens, { seed: 'step 1' }).ratioGradient; // one of the two tokens (covariance 3 each) is silent
 * ```
 */
export function clipCov(
  tokens: TokenBatch,
  options: ClipCovOptions = {},
  out: LossTerms = termsFor('clipCov', tokens),
): LossTerms {
  const { share = 2e-4, lower = 1, upper = 5, seed, order } = options;
  checkAtLeast('clipCov', 'share', share, 0);
  if (seed === undefined && order === undefined) fail('clipCov', 'seed', 'be given, new for each step', seed);
  clippedSurrogate(tokens, options, out);
  const covariance = covariances(tokens);
  const candidates: number[] = [];
  let count = 0;
  for (let k = 0; k < tokens.mask.length; k++) {
    if (tokens.mask[k] === 0) continue;
    count++;
    if (out.clipped[k] === CLIP.none && covariance[k]! > lower && covariance[k]! < upper) candidates.push(k);
  }
  const drawn = order?.(candidates.length) ?? shuffled(candidates.length, String(seed));
  const silenced = Math.min(Math.max(1, Math.floor(share * count)), candidates.length);
  for (let n = 0; n < silenced; n++) {
    const k = candidates[drawn[n]!]!;
    out.value[k] = out.ratioGradient[k] = 0;
    out.clipped[k] = CLIP.high;
  }
  return out;
}

/** Options of {@link klCov}. */
export interface KlCovOptions {
  /** Share of the counted tokens to hold back, at least one token. @defaultValue 2e-4 */
  readonly share?: number | undefined;
  /** Strength of the penalty on them. @defaultValue 1 */
  readonly coefficient?: number | undefined;
}

/**
 * The importance-weighted policy gradient, with a KL penalty towards the old policy on the tokens of highest covariance
 * between advantage and log-probability (KL-Cov).
 *
 * L = −ρA, plus c |ℓ| on the top share of cov_t = (A_t − mean A)(logp_t − mean logp)
 *
 * See "The Entropy Mechanism", arXiv 2505.22617.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @throws RangeError for a negative share or coefficient.
 * @example
 * ```ts
 * const two = (a: number, b: number) => Float64Array.of(a, b);
 * const tokens = { columns: 2, mask: Uint8Array.of(1, 1), logps: two(0, -1), logRatio: two(0.1, 0), advantages: two(2, 0), weights: two(1, 1) };
 * klCov(tokens).value[0]; // -2.1103 = -2 e^0.1 + 0.1
 * ```
 */
export function klCov(
  tokens: TokenBatch,
  options: KlCovOptions = {},
  out: LossTerms = termsFor('klCov', tokens),
): LossTerms {
  const { share = 2e-4, coefficient = 1 } = options;
  checkAtLeast('klCov', 'share', share, 0);
  checkAtLeast('klCov', 'coefficient', coefficient, 0);
  importanceWeighted(tokens, out);
  const covariance = covariances(tokens);
  const counted: number[] = [];
  for (let k = 0; k < tokens.mask.length; k++) if (tokens.mask[k] === 1) counted.push(k);
  const held = Math.max(1, Math.floor(share * counted.length));
  // ties go to the earlier token, as a stable sort leaves them
  for (const k of counted.sort((a, b) => covariance[b]! - covariance[a]!).slice(0, held)) {
    out.value[k]! += coefficient * Math.abs(tokens.logRatio[k]!);
    out.ratioGradient[k]! += tokens.weights[k]! * coefficient * Math.sign(tokens.logRatio[k]!);
  }
  return out;
}

function covariances({ mask, logps, advantages }: TokenBatch): Float64Array {
  const meanAdvantage = maskedMean(advantages, mask);
  const meanLogp = maskedMean(logps, mask);
  return logps.map((lp, k) => (advantages[k]! - meanAdvantage) * (lp - meanLogp));
}

/** Fisher and Yates. */
function shuffled(count: number, seed: string): number[] {
  const random = seeded(seed);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
