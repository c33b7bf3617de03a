import { checkAtLeast, checkOneOf, checkPositive } from '../checks.js';
import { CLIP, hasPart, type LossTerms, ratiosOf, termsFor, type TokenBatch } from './tokens.js';

/** Options of {@link dppo}. */
export interface DppoOptions {
  /**
   * The divergence that bounds a token: total variation, |π − μ|; binary KL between (μ, 1 − μ) and (π, 1 − π); or total
   * variation in either direction whatever the sign of A (`symmetric`: prime-rl's IPO). @defaultValue 'tv'
   */
  readonly divergence?: 'tv' | 'kl' | 'symmetric' | undefined;
  /** Bound for tokens of A < 0 that became less likely. @defaultValue 0.2 for tv, 0.05 for kl, 0.1 for symmetric */
  readonly low?: number | undefined;
  /** Bound for tokens of A > 0 that became likelier. @defaultValue as `low` */
  readonly high?: number | undefined;
  /** The ratio is at most this, as a constant weight. @defaultValue Infinity: off, and the gradient goes through the ratio */
  readonly ratioCap?: number | undefined;
}

/**
 * A trust region on probabilities instead of ratios (DPPO): a rare token may double, a common one may not move far.
 *
 * L = −ρA where the divergence of π from μ is within bounds, or A pulls it back; else no gradient.
 *
 * As in SkyRL and prime-rl; verl's form has a `ratioCap` (of 3 by default) and L = −sg(min(ρ, cap)) A logp, whose gradient is the
 * same up to the cap. μ is the old policy; prime-rl and SkyRL take the sampler's log-probabilities for it.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @throws RangeError for negative bounds or an unknown divergence.
 * @example
 * ```ts
 * const at = (x: number) => Float64Array.of(x);
 * const tokens = { columns: 1, mask: Uint8Array.of(1), logps: at(Math.log(0.9)), logRatio: at(Math.log(3)), advantages: at(1), weights: at(1) };
 * dppo(tokens).clipped[0]; // 2 (high): 0.3 became 0.9
 * ```
 */
export function dppo(
  tokens: TokenBatch,
  options: DppoOptions = {},
  out: LossTerms = termsFor('dppo', tokens),
): LossTerms {
  const { divergence = 'tv', ratioCap = Infinity } = options;
  checkOneOf('dppo', 'divergence', divergence, ['tv', 'kl', 'symmetric']);
  const { low = { tv: 0.2, kl: 0.05, symmetric: 0.1 }[divergence], high = low } = options;
  checkAtLeast('dppo', 'low', low, 0);
  checkAtLeast('dppo', 'high', high, 0);
  checkPositive('dppo', 'ratioCap', ratioCap);
  const { mask, logps, logRatio, advantages, weights } = tokens;
  const ratios = ratiosOf(tokens);
  const { value, ratioGradient, logpsGradient, clipped } = out;
  for (let k = 0; k < mask.length; k++) {
    if (!hasPart(tokens, k)) continue;
    const advantage = advantages[k]!;
    const oldLogp = tokens.oldLogps?.[k] ?? logps[k]! - logRatio[k]!;
    const moved = Math.exp(logps[k]!) - Math.exp(oldLogp);
    const distance = divergence === 'kl' ? binaryKl(oldLogp, logps[k]!) : Math.abs(moved);
    clipped[k] = clipCode(divergence, distance, moved, advantage, low, high);
    if (clipped[k] !== CLIP.none) continue;
    if (ratioCap === Infinity) {
      value[k] = -ratios[k]! * advantage;
      ratioGradient[k] = weights[k]! * value[k]!;
    } else {
      const slope = -Math.min(ratioCap, ratios[k]!) * advantage;
      value[k] = slope * logps[k]!;
      logpsGradient[k] = weights[k]! * slope;
    }
  }
  return out;
}

function clipCode(divergence: string, distance: number, moved: number, advantage: number, low: number, high: number) {
  if (divergence === 'symmetric') {
    if (moved > high) return CLIP.high;
    return moved < -low ? CLIP.low : CLIP.none;
  }
  if (advantage > 0) return moved > 0 && distance > high ? CLIP.high : CLIP.none;
  return moved < 0 && distance > low ? CLIP.low : CLIP.none;
}

/** KL of two coins; 1e-8 keeps the complement of a certain token from being log 0, as in verl. */
function binaryKl(oldLogp: number, logp: number): number {
  const [mu, pi] = [Math.exp(oldLogp), Math.exp(logp)];
  return mu * (oldLogp - logp) + (1 - mu) * Math.log((1 - mu + 1e-8) / (1 - pi + 1e-8));
}
