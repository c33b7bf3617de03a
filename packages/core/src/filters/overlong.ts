import { checkAtLeast, checkFinite, checkLength, checkOneOf, checkPositive, fail } from '../checks.js';
import { readMask, shapeOf } from '../dense.js';
import ndarray, { type NdArray } from 'ndarray';
import type { MaskMatrix } from '../types.js';

/** Options of {@link overlongPenalties}. */
export interface OverlongOptions {
  /** Longest completion allowed, in tokens. */
  readonly maxLength: number;
  /** Length of the stretch before it in which the penalty grows. */
  readonly buffer: number;
  /** The penalty at `maxLength`. @defaultValue 1 */
  readonly factor?: number | undefined;
  /**
   * Beyond `maxLength` the penalty stands at −factor (DAPO, TRL, EasyR1, OpenRLHF), or goes on growing (`linear`: verl, ms-swift).
   * @defaultValue 'saturate'
   */
  readonly beyond?: 'saturate' | 'linear' | undefined;
}

/**
 * A penalty that grows linearly over the last stretch of the allowed length (soft overlong punishment); add it to the rewards.
 *
 * p(n) = −factor · clip((n − (max − buffer)) / buffer, 0, 1)
 *
 * See DAPO, arXiv 2503.14476, equation 13.
 *
 * @param lengths - [B] tokens of each completion.
 * @throws RangeError when maxLength, buffer or factor is not above 0, the buffer is longer than the
 * maximum, or a length is negative.
 * @example
 * ```ts
 * overlongPenalties([70, 90, 120], { maxLength: 100, buffer: 20 }); // [0, -0.5, -1]
 * ```
 */
export function overlongPenalties(lengths: ArrayLike<number>, options: OverlongOptions): Float64Array {
  const where = 'overlongPenalties';
  const { maxLength, buffer, factor = 1, beyond = 'saturate' } = options;
  checkPositive(where, 'maxLength', maxLength);
  checkPositive(where, 'buffer', buffer);
  checkPositive(where, 'factor', factor);
  checkOneOf(where, 'beyond', beyond, ['saturate', 'linear']);
  if (buffer > maxLength) fail(where, 'buffer', `be at most maxLength ${maxLength}`, buffer);
  const most = beyond === 'saturate' ? 1 : Infinity;
  return Float64Array.from(lengths, (n, i) => {
    checkAtLeast(where, `lengths[${i}]`, n, 0);
    const excess = n - (maxLength - buffer);
    return excess > 0 ? -factor * Math.min(most, excess / buffer) : 0;
  });
}

/**
 * The mask without completions that were cut off, whose reward says nothing about how they would have ended (overlong
 * filtering). Their rows leave every denominator with it.
 *
 * See DAPO, arXiv 2503.14476, section 3.4; TRL's `mask_truncated_completions`.
 *
 * @param mask - [B, T]
 * @param truncated - [B]
 * @throws RangeError for unequal lengths.
 * @example
 * ```ts
 * maskTruncated(ndarray(Float64Array.of(1, 1), [2, 1]), [true, false]).data; // [0, 1]
 * ```
 */
export function maskTruncated(mask: MaskMatrix, truncated: ArrayLike<boolean>): NdArray<Float64Array> {
  const [rows, columns] = shapeOf('maskTruncated', 'mask', mask);
  checkLength('maskTruncated', 'truncated', truncated.length, rows);
  const kept = Float64Array.from(readMask('maskTruncated', mask));
  for (let row = 0; row < rows; row++) if (truncated[row]) kept.fill(0, row * columns, (row + 1) * columns);
  return ndarray(kept, [rows, columns]);
}

/**
 * Rewards of completions that were cut off, made smaller: multiplied by a coefficient of 0 or more, or replaced by a negative one
 * (ProRL's stop-properly penalty, as in OpenRLHF).
 *
 * @param rewards - [B]
 * @param truncated - [B]
 * @throws RangeError for unequal lengths or a coefficient that is not finite.
 * @example
 * ```ts
 * stopProperlyRewards([1, 1], [true, false], 0.5); // [0.5, 1]
 * ```
 */
export function stopProperlyRewards(
  rewards: ArrayLike<number>,
  truncated: ArrayLike<boolean>,
  coefficient: number,
): Float64Array {
  checkLength('stopProperlyRewards', 'truncated', truncated.length, rewards.length);
  checkFinite('stopProperlyRewards', 'coefficient', coefficient);
  const cut = (reward: number) => (coefficient < 0 ? coefficient : reward * coefficient);
  return Float64Array.from(rewards, (reward, i) => (truncated[i] ? cut(reward) : reward));
}
