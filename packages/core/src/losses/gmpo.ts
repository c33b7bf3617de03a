import { checkAtLeast } from '../checks.js';
import { CLIP, type LossTerms, termsFor, type TokenBatch } from './tokens.js';

/** Options of {@link gmpo}. Bounds are on the log ratio: e^−0.4 to e^0.4 by default. */
export interface GmpoOptions {
  /** @defaultValue 0.4 */
  readonly clipLow?: number | undefined;
  /** @defaultValue 0.4 */
  readonly clipHigh?: number | undefined;
}

/**
 * The geometric mean of clipped token ratios, one for each sequence (GMPO); aggregate it with `sequence-mean-token-mean`.
 *
 * L_i = −Â exp( Σ_t z_t / L_i ), z_t = ℓ_t held within [−ε_low, ε_high] on the side on which the clip bites, Â = mean_t A
 *
 * See GMPO, arXiv 2507.20673.
 *
 * The policy ratio must be taken at level 'token'. A row without counted tokens contributes nothing (TRL counts −A there).
 *
 * @param tokens - flat [B*T] arrays of one length.
 * @param out - zeros to write the result over; new arrays by default.
 * @throws RangeError for a negative bound.
 * @example
 * ```ts
 * const two = (a: number, b: number) => Float64Array.of(a, b);
 * const tokens = { columns: 2, mask: Uint8Array.of(1, 1), logps: two(-1, -1), logRatio: two(0.2, 0), advantages: two(1, 1), weights: two(0.5, 0.5) };
 * gmpo(tokens).value[0]; // -e^0.1 = -1.105
 * ```
 */
export function gmpo(
  tokens: TokenBatch,
  options: GmpoOptions = {},
  out: LossTerms = termsFor('gmpo', tokens),
): LossTerms {
  const { clipLow = 0.4, clipHigh = 0.4 } = options;
  checkAtLeast('gmpo', 'clipLow', clipLow, 0);
  checkAtLeast('gmpo', 'clipHigh', clipHigh, 0);
  const { mask, columns, logRatio, advantages, weights } = tokens;
  const { value, ratioGradient, clipped } = out;
  for (let start = 0; start < mask.length; start += columns) {
    let [count, logSum, advantageSum, weight] = [0, 0, 0, 0];
    for (let k = start; k < start + columns; k++) {
      if (mask[k] === 0) continue;
      clipped[k] = clipCode(logRatio[k]!, advantages[k]!, clipLow, clipHigh);
      logSum +=
        clipped[k] === CLIP.low ? -clipLow : clipped[k] === CLIP.high ? clipHigh : signed(logRatio[k]!, advantages[k]!);
      advantageSum += advantages[k]!;
      weight += weights[k]!;
      count++;
    }
    if (count === 0) continue;
    const rowValue = -(advantageSum / count) * Math.exp(logSum / count);
    for (let k = start; k < start + columns; k++) {
      if (mask[k] === 0) continue;
      value[k] = rowValue;
      if (clipped[k] === CLIP.none && advantages[k] !== 0) ratioGradient[k] = (weight * rowValue) / count;
    }
  }
  return out;
}

/** A token of advantage 0 has no preferred side, and adds nothing to the mean. */
const signed = (logRatio: number, advantage: number) => (advantage === 0 ? 0 : logRatio);

function clipCode(logRatio: number, advantage: number, low: number, high: number): number {
  if (advantage > 0 && logRatio > high) return CLIP.high;
  return advantage < 0 && logRatio < -low ? CLIP.low : CLIP.none;
}
