import { checkPositive } from '../checks.js';
import { hasPart, type LossTerms, ratiosOf, termsFor, type TokenBatch } from './tokens.js';

/** Options of {@link sapo}. */
export interface SapoOptions {
  /** τ for A > 0. @defaultValue 1 */
  readonly temperaturePositive?: number | undefined;
  /** τ for A < 0; above the other, so that unwanted tokens are let go sooner. @defaultValue 1.05 */
  readonly temperatureNegative?: number | undefined;
}

/**
 * A smooth gate instead of a hard clip (SAPO): the gradient fades as the ratio leaves 1, and never jumps to 0.
 *
 * L = −(4/τ) σ(τ(ρ − 1)) A, dL/dlogρ = −4σ(1 − σ) ρ A, which is −A at ρ = 1
 *
 * See SAPO, arXiv 2511.20347.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @throws RangeError for a temperature not above 0.
 * @example
 * ```ts
 * const at = (x: number) => Float64Array.of(x);
 * const tokens = { columns: 1, mask: Uint8Array.of(1), logps: at(-2), logRatio: at(0), advantages: at(1), weights: at(1) };
 * sapo(tokens).value[0]; // -2
 * ```
 */
export function sapo(
  tokens: TokenBatch,
  options: SapoOptions = {},
  out: LossTerms = termsFor('sapo', tokens),
): LossTerms {
  const { temperaturePositive = 1, temperatureNegative = 1.05 } = options;
  checkPositive('sapo', 'temperaturePositive', temperaturePositive);
  checkPositive('sapo', 'temperatureNegative', temperatureNegative);
  const { mask, advantages, weights } = tokens;
  const ratios = ratiosOf(tokens);
  const { value, ratioGradient } = out;
  for (let k = 0; k < mask.length; k++) {
    if (!hasPart(tokens, k)) continue;
    const advantage = advantages[k]!;
    const temperature = advantage > 0 ? temperaturePositive : temperatureNegative;
    const ratio = ratios[k]!;
    const gate = 1 / (1 + Math.exp(-temperature * (ratio - 1)));
    value[k] = (-4 / temperature) * gate * advantage;
    // for a huge ratio the gate's slope is 0 long before the ratio is infinite
    const slope = gate * (1 - gate);
    if (slope !== 0) ratioGradient[k] = weights[k]! * (-4 * slope * ratio * advantage);
  }
  return out;
}
