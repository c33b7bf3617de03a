import { checkPositive } from '../checks.js';
import { reinforce } from './reinforce.js';
import { type LossTerms, termsFor, type TokenBatch } from './tokens.js';

/** Options of {@link dro}. */
export interface DroOptions {
  /** β: strength of the pull to the old policy. @defaultValue 1 */
  readonly beta?: number | undefined;
}

/**
 * The policy gradient with a quadratic pull to the old policy instead of a clip (DRO).
 *
 * L = −(A · logp − ½ β ℓ²)
 *
 * See DRO, arXiv 2405.19107; as verl's `dro`. Tokens of advantage 0 are pulled back too.
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @throws RangeError for β not above 0.
 * @example
 * ```ts
 * const at = (x: number) => Float64Array.of(x);
 * const tokens = { columns: 1, mask: Uint8Array.of(1), logps: at(-2), logRatio: at(0.5), advantages: at(1), weights: at(1) };
 * dro(tokens, { beta: 2 }).value[0]; // 2.25
 * ```
 */
export function dro(tokens: TokenBatch, options: DroOptions = {}, out: LossTerms = termsFor('dro', tokens)): LossTerms {
  const { beta = 1 } = options;
  checkPositive('dro', 'beta', beta);
  const { mask, logRatio, weights } = tokens;
  reinforce(tokens, out);
  for (let k = 0; k < mask.length; k++) {
    if (mask[k] === 0) continue;
    out.value[k]! += 0.5 * beta * logRatio[k]! ** 2;
    out.ratioGradient[k]! += weights[k]! * beta * logRatio[k]!;
  }
  return out;
}
