import ndarray, { type NdArray } from 'ndarray';
import { checkAtLeast } from '../checks.js';
import { readAdvantages, readMask, readMatrix, shapeOf } from '../dense.js';
import { maskedMean } from '../metrics.js';
import type { MaskMatrix, Matrix } from '../types.js';

/** Options of {@link addKlToAdvantages}. */
export interface KlInAdvantageOptions {
  /** c */
  readonly coefficient: number;
  /** Above 0, a token answers for the KL of later tokens too, discounted by this. @defaultValue 0 */
  readonly discount?: number | undefined;
}

/**
 * Advantages with a KL penalty inside, centred over the batch so that it moves no token's advantage on average.
 *
 * A_t ← A_t + c (mean(d) − d_t), d = logps − refLogps; with a discount γ, d is replaced by Σ_{k≥t} γ^{k−t} (mean(d) − d_k)
 *
 * As in tinker-cookbook's `incorporate_kl_penalty`.
 *
 * @param batch - advantages [B] or [B, T]; mask, logps (of the sampler) and refLogps [B, T].
 * @returns [B, T]; 0 under mask 0.
 * @throws RangeError for unequal shapes or a negative coefficient.
 * @example
 * ```ts
 * const row = (...x: number[]) => ndarray(Float64Array.from(x), [1, x.length]);
 * const batch = { advantages: [0], mask: row(1, 1), logps: row(-1, -1), refLogps: row(-2, -1) };
 * addKlToAdvantages(batch, { coefficient: 0.1 }).data; // [-0.05, 0.05]
 * ```
 */
export function addKlToAdvantages(
  batch: {
    readonly advantages: ArrayLike<number> | Matrix;
    readonly mask: MaskMatrix;
    readonly logps: Matrix;
    readonly refLogps: Matrix;
  },
  options: KlInAdvantageOptions,
): NdArray<Float64Array> {
  const where = 'addKlToAdvantages';
  const { coefficient, discount = 0 } = options;
  checkAtLeast(where, 'coefficient', coefficient, 0);
  checkAtLeast(where, 'discount', discount, 0);
  const [rows, columns] = shapeOf(where, 'mask', batch.mask);
  const mask = readMask(where, batch.mask);
  const advantages = readAdvantages(where, batch.advantages, mask, rows, columns);
  const logps = readMatrix(where, 'logps', batch.logps, mask, rows, columns);
  const refLogps = readMatrix(where, 'refLogps', batch.refLogps, mask, rows, columns);
  const difference = logps.map((lp, k) => lp - refLogps[k]!);
  const average = maskedMean(difference, mask);
  for (let row = 0; row < rows; row++) {
    let later = 0;
    for (let k = (row + 1) * columns - 1; k >= row * columns; k--) {
      later = (mask[k] === 1 ? average - difference[k]! : 0) + discount * later;
      if (mask[k] === 1) advantages[k]! += coefficient * later;
    }
  }
  return ndarray(advantages, [rows, columns]);
}
