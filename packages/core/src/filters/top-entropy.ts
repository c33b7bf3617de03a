import { fail } from '../checks.js';
import { readMask, readMatrix, shapeOf } from '../dense.js';
import ndarray, { type NdArray } from 'ndarray';
import type { MaskMatrix, Matrix } from '../types.js';

/** What {@link topEntropyMask} returns. */
export interface TopEntropyMask {
  /** [B, T] of the kept tokens. */
  readonly mask: NdArray<Float64Array>;
  /** The least entropy kept. */
  readonly threshold: number;
}

/**
 * The tokens of highest entropy, where the policy decides; the rest mostly follow.
 *
 * keep H_t ≥ quantile_{1 − share} of the counted tokens' entropies
 *
 * See "Beyond the 80/20 rule", arXiv 2506.01939. The quantile interpolates linearly, as in TRL. {@link grpoLoss} does this, given
 * `entropy.share`; use this function for the threshold of a whole batch that is cut into micro-batches.
 *
 * @param entropies - [B, T]
 * @param mask - [B, T]
 * @param share - of the counted tokens, in [0, 1]; at 0 only the largest is kept.
 * @returns the mask [B, T] of the kept tokens, and the threshold.
 * @throws RangeError for unequal shapes or a share outside [0, 1].
 * @example
 * ```ts
 * const row = (...x: number[]) => ndarray(Float64Array.from(x), [1, x.length]);
 * topEntropyMask(row(0.1, 2, 0.3, 1), row(1, 1, 1, 1), 0.5); // mask [0, 1, 0, 1], threshold 0.65
 * ```
 */
export function topEntropyMask(entropies: Matrix, mask: MaskMatrix, share: number): TopEntropyMask {
  const where = 'topEntropyMask';
  const [rows, columns] = shapeOf(where, 'mask', mask);
  const flat = readMask(where, mask);
  const values = readMatrix(where, 'entropies', entropies, flat, rows, columns);
  const threshold = entropyThreshold(where, values, flat, share);
  const kept = Float64Array.from(values, (h, k) => (flat[k] === 1 && h >= threshold ? 1 : 0));
  return { mask: ndarray(kept, [rows, columns]), threshold };
}

/** @internal */
export function entropyThreshold(where: string, entropies: Float64Array, mask: Uint8Array, share: number): number {
  if (!(share >= 0 && share <= 1)) fail(where, 'share', 'be in [0, 1]', share);
  const sorted = entropies.filter((_, k) => mask[k] === 1).sort();
  if (sorted.length === 0) return 0;
  const position = (1 - share) * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}
