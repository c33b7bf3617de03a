import { type KlEstimator, presets, tokenKl } from '../../src/index.js';
import { type GoldenInput, matrix } from '../support/golden.js';
import type { Comparison } from './case.js';

/** What a package's KL function gave: the sum over tokens, or values and gradient. */
export interface KlExpected {
  readonly sum?: number;
  readonly value?: number[][];
  readonly grad?: number[][];
}

/**
 * verl's KL function in float32, which EasyR1 and SkyRL took over: k3 clamped before and after, the others not.
 *
 * @param mask - tokens that count
 * @param floor - absolute error the sum may have whatever its size
 */
export function compareClampedKl(
  estimator: KlEstimator,
  input: GoldenInput,
  mask: number[][],
  expected: KlExpected,
  floor: number,
): Comparison[] {
  const { values, slopes } = tokenKl(matrix(input.logps), matrix(input.refLogps), matrix(mask), {
    ...(estimator === 'k3' ? presets.verl.loss.kl : { clamp: Infinity }),
    estimator,
  });
  // e^-d + d - 1 in float32 keeps an absolute 2^-24 of 1
  const tolerance = { relative: 1e-6, absolute: 1e-7 };
  const sum = values.data.reduce((total, v) => total + v, 0);
  const cancelled = floor + 1e-6 * values.data.reduce((total, v) => total + Math.abs(v), 0);
  return [
    ...(expected.sum === undefined
      ? []
      : [{ actual: sum, expected: expected.sum, tolerance: { relative: 1e-6, absolute: cancelled } }]),
    ...(expected.value ? [{ actual: values.data, expected: expected.value.flat(), tolerance }] : []),
    ...(expected.grad ? [{ actual: slopes.data, expected: expected.grad.flat(), tolerance }] : []),
  ];
}
