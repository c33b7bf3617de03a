import { fail } from './checks.js';
import { CLIP, type LossTerms, ratioAt, type TokenBatch } from './losses/tokens.js';

/** @internal Mean of `values` over the counted tokens; 0 when there are none. */
export function maskedMean(values: Float64Array, mask: Uint8Array): number {
  let [sum, count] = [0, 0];
  for (let k = 0; k < mask.length; k++) {
    if (mask[k] === 0) continue;
    sum += values[k]!;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

/** @internal Counts, ratio and clip figures of a batch. Means are over counted tokens. */
export function policyMetrics(tokens: TokenBatch, terms: LossTerms): Record<string, number> {
  const { mask, advantages, columns } = tokens;
  let [count, sequences, low, high, dual, ratioSum, signal, signalPositive] = [0, 0, 0, 0, 0, 0, 0, 0];
  let [ratioMin, ratioMax] = [Infinity, -Infinity];
  for (let start = 0; start < mask.length; start += columns) {
    const before = count;
    for (let k = start; k < start + columns; k++) {
      if (mask[k] === 0) continue;
      count++;
      const ratio = ratioAt(tokens, k);
      ratioSum += ratio;
      if (ratio < ratioMin) ratioMin = ratio;
      if (ratio > ratioMax) ratioMax = ratio;
      if (terms.clipped[k] === CLIP.low) low++;
      if (terms.clipped[k] === CLIP.high) high++;
      if (terms.clipped[k] === CLIP.dual) dual++;
      signal += Math.abs(advantages[k]!);
      if (advantages[k]! > 0) signalPositive++;
    }
    if (count > before) sequences++;
  }
  const n = Math.max(1, count);
  return {
    tokens: count,
    sequences,
    signal: signal / n,
    positive_fraction: signalPositive / n,
    'clip_ratio/low_mean': low / n,
    'clip_ratio/high_mean': high / n,
    'clip_ratio/dual_mean': dual / n,
    'clip_ratio/region_mean': (low + high + dual) / n,
    'ratio/mean': count === 0 ? 1 : ratioSum / n,
    'ratio/min': count === 0 ? 1 : ratioMin,
    'ratio/max': count === 0 ? 1 : ratioMax,
  };
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
 * @throws RangeError when a part has no `tokens`.
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
