import { checkAtLeast, fail } from './checks.js';
import { CLIP, type LossTerms, ratiosOf, type TokenBatch } from './losses/tokens.js';

/** @internal Sum of `values` over the counted tokens. */
export function maskedSum(values: Float64Array, mask: Uint8Array): number {
  let sum = 0;
  for (let k = 0; k < mask.length; k++) if (mask[k] === 1) sum += values[k]!;
  return sum;
}

/** @internal Mean of `values` over the counted tokens; 0 when there are none. */
export function maskedMean(values: Float64Array, mask: Uint8Array): number {
  const count = mask.reduce((sum, m) => sum + m, 0);
  return count === 0 ? 0 : maskedSum(values, mask) / count;
}

/** @internal Counts, ratio and clip figures of a batch, of which blocks of rows are added one after another. */
export class PolicyTally {
  /** Tokens that count. */
  tokens = 0;
  private sequences = 0;
  private positive = 0;
  private low = 0;
  private high = 0;
  private dual = 0;
  private signal = 0;
  private ratioSum = 0;
  private ratioMin = Infinity;
  private ratioMax = -Infinity;

  add(batch: TokenBatch, { clipped }: LossTerms): void {
    const { mask, advantages, columns } = batch;
    const ratios = ratiosOf(batch);
    for (let start = 0; start < mask.length; start += columns) {
      let count = 0;
      let positive = 0;
      let low = 0;
      let high = 0;
      let dual = 0;
      let signal = 0;
      let sum = 0;
      let least = this.ratioMin;
      let most = this.ratioMax;
      for (let k = start; k < start + columns; k++) {
        if (mask[k] === 0) continue;
        count++;
        const ratio = ratios[k]!;
        sum += ratio;
        if (ratio < least) least = ratio;
        if (ratio > most) most = ratio;
        const advantage = advantages[k]!;
        signal += Math.abs(advantage);
        if (advantage > 0) positive++;
        const code = clipped[k]!;
        if (code === CLIP.none) continue;
        if (code === CLIP.low) low++;
        else if (code === CLIP.high) high++;
        else dual++;
      }
      if (count > 0) this.sequences++;
      this.tokens += count;
      this.positive += positive;
      this.low += low;
      this.high += high;
      this.dual += dual;
      this.signal += signal;
      this.ratioSum += sum;
      this.ratioMin = least;
      this.ratioMax = most;
    }
  }

  /** Means are over counted tokens. */
  metrics(): Record<string, number> {
    const { tokens, sequences, positive, low, high, dual, signal, ratioSum, ratioMin, ratioMax } = this;
    const n = Math.max(1, tokens);
    return {
      tokens,
      sequences,
      signal: signal / n,
      positive_fraction: positive / n,
      'clip_ratio/low_mean': low / n,
      'clip_ratio/high_mean': high / n,
      'clip_ratio/dual_mean': dual / n,
      'clip_ratio/region_mean': (low + high + dual) / n,
      'ratio/mean': tokens === 0 ? 1 : ratioSum / n,
      'ratio/min': tokens === 0 ? 1 : ratioMin,
      'ratio/max': tokens === 0 ? 1 : ratioMax,
    };
  }
}

/** @internal Figures about the weights of a correction. */
export function correctionMetrics(factors: Float64Array, mask: Uint8Array): Record<string, number> {
  let [count, sum, squares, kept, least, most] = [0, 0, 0, 0, Infinity, 0];
  for (let k = 0; k < mask.length; k++) {
    if (mask[k] === 0) continue;
    const w = factors[k]!;
    count++;
    sum += w;
    squares += w * w;
    if (w !== 0) kept++;
    least = Math.min(least, w);
    most = Math.max(most, w);
  }
  const n = Math.max(1, count);
  return {
    'correction/mean': sum / n,
    'correction/min': count === 0 ? 1 : least,
    'correction/max': most,
    'correction/dropped': (count - kept) / n,
    // (Σw)² / (n Σw²): 1 when all weights are equal, 1/n when one token has it all
    'correction/effective_sample_size': squares === 0 ? 0 : (sum * sum) / (n * squares),
  };
}

const sums = new Set(['loss', 'policy_loss', 'kl_loss', 'tokens', 'sequences', 'sampler/missing']);

/**
 * Metrics of a whole batch from those of its micro-batches: losses and counts add up, `…/min` and `…/max` are the least and
 * the greatest, everything else is a mean weighted by counted tokens.
 *
 * @param parts - metrics as {@link grpoLoss} returns them, each with `tokens`.
 * @throws RangeError when a part has no `tokens`, or fewer than 0.
 * @example
 * ```ts
 * combineMetrics([{ tokens: 1, kl: 0.1 }, { tokens: 3, kl: 0.5 }]); // { tokens: 4, kl: 0.4 }
 * ```
 */
export function combineMetrics(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const out: Record<string, number> = {};
  const weights: Record<string, number> = {};
  for (const part of parts) {
    const tokens = part['tokens'] ?? fail('combineMetrics', 'parts', 'each have `tokens`', Object.keys(part));
    checkAtLeast('combineMetrics', 'tokens', tokens, 0);
    for (const [name, value] of Object.entries(part)) {
      const known = out[name];
      if (sums.has(name)) out[name] = (known ?? 0) + value;
      else if (tokens === 0) continue;
      else if (name.endsWith('/min')) out[name] = Math.min(known ?? Infinity, value);
      else if (name.endsWith('/max')) out[name] = Math.max(known ?? -Infinity, value);
      else {
        const weight = weights[name] ?? 0;
        out[name] = ((known ?? 0) * weight + value * tokens) / (weight + tokens);
        weights[name] = weight + tokens;
      }
    }
  }
  return out;
}
