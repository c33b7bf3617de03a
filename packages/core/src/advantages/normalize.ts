import ndarray, { type NdArray } from 'ndarray';
import { checkAtLeast, checkDdof, checkOneOf } from '../checks.js';
import { readMask, readMatrix, shapeOf } from '../dense.js';
import type { MaskMatrix, Matrix } from '../types.js';

/** Options of {@link normalizeAdvantages}. */
export interface NormalizeOptions {
  /** Delta degrees of freedom of the variance. @defaultValue 1 */
  readonly ddof?: 0 | 1 | undefined;
  /** @defaultValue 1e-8 */
  readonly epsilon?: number | undefined;
  /**
   * Where epsilon goes: added to the variance (verl, SkyRL, EasyR1), added to the deviation (TRL, ms-swift), or as the least
   * variance (OpenRLHF). @defaultValue 'variance'
   */
  readonly epsilonTo?: 'variance' | 'deviation' | 'floor' | undefined;
  /** Divide by the deviation, or only centre. @defaultValue 'standard' */
  readonly scale?: 'standard' | 'none' | undefined;
}

/**
 * Advantages shifted to mean 0 and scaled to deviation 1 over all counted tokens of the batch ("whitening").
 *
 * A ← (A − mean) / sqrt(var + ε)
 *
 * See REINFORCE++, arXiv 2501.03262.
 *
 * @param advantages - [B, T]
 * @param mask - [B, T]
 * @returns [B, T]; 0 under mask 0. Exactly 0 everywhere when all counted advantages are equal.
 * @throws RangeError for unequal shapes or a value that is not finite where the mask is 1.
 * @example
 * ```ts
 * const ones = ndarray(Float64Array.of(1, 1), [2, 1]);
 * normalizeAdvantages(ndarray(Float64Array.of(1, 3), [2, 1]), ones, { ddof: 0 }).data; // [-1, 1]
 * ```
 */
export function normalizeAdvantages(
  advantages: Matrix,
  mask: MaskMatrix,
  options: NormalizeOptions = {},
): NdArray<Float64Array> {
  const where = 'normalizeAdvantages';
  const [rows, columns] = shapeOf(where, 'mask', mask);
  const flatMask = readMask(where, mask);
  const values = readMatrix(where, 'advantages', advantages, flatMask, rows, columns);
  return ndarray(normalizeFlat(where, values, flatMask, options), [rows, columns]);
}

/** @internal In place. */
export function normalizeFlat(
  where: string,
  values: Float64Array,
  mask: Uint8Array,
  options: NormalizeOptions,
): Float64Array {
  const { ddof = 1, epsilon = 1e-8, epsilonTo = 'variance', scale = 'standard' } = options;
  checkAtLeast(where, 'epsilon', epsilon, 0);
  checkDdof(where, ddof);
  checkOneOf(where, 'epsilonTo', epsilonTo, ['variance', 'deviation', 'floor']);
  checkOneOf(where, 'scale', scale, ['standard', 'none']);
  let [count, sum, low, high] = [0, 0, Infinity, -Infinity];
  for (let k = 0; k < values.length; k++) {
    if (mask[k] === 0) continue;
    count++;
    sum += values[k]!;
    low = Math.min(low, values[k]!);
    high = Math.max(high, values[k]!);
  }
  if (count === 0 || low === high) return values.fill(0);
  const mean = sum / count;
  let squares = 0;
  for (let k = 0; k < values.length; k++) if (mask[k] === 1) squares += (values[k]! - mean) ** 2;
  const variance = squares / Math.max(1, count - ddof);
  const divisor = scale === 'none' ? 1 : deviation(variance, epsilon, epsilonTo);
  for (let k = 0; k < values.length; k++) {
    if (mask[k] === 1) values[k] = divisor === 0 ? 0 : (values[k]! - mean) / divisor;
  }
  return values;
}

function deviation(variance: number, epsilon: number, epsilonTo: 'variance' | 'deviation' | 'floor'): number {
  if (epsilonTo === 'variance') return Math.sqrt(variance + epsilon);
  if (epsilonTo === 'deviation') return Math.sqrt(variance) + epsilon;
  return Math.sqrt(Math.max(variance, epsilon));
}
