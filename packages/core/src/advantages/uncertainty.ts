import { checkAtLeast, checkLength, checkPositive } from '../checks.js';
import type { GroupId } from '../types.js';
import { groupMembers, mean, readRewards, standardDeviation } from './grouping.js';

/** Options of {@link uncertaintyWeights}. */
export interface UncertaintyOptions {
  /** Largest minus smallest possible prediction; 4 for scores in [1, 5]. */
  readonly range: number;
  /** α: how strongly uncertainty damps. @defaultValue 0.2 */
  readonly strength?: number | undefined;
}

/**
 * Weight of each prompt by how much its predictions agree; multiply advantages by it. A group whose predictions scatter over
 * the whole scale counts least (uncertainty-aware GRPO).
 *
 * w_g = exp(−α u), u = min(1, Var_g(prediction) / (range² / 4)), population variance
 *
 * See Q-Hawkeye, arXiv 2601.22920.
 *
 * @param predictions - [B] predicted scores; null and NaN are left out.
 * @param groups - [B] ids.
 * @returns [B] weights in [e^−α, 1]; all members of a group share one.
 * @throws RangeError for unequal lengths, a range not above 0 or a negative strength.
 * @example
 * ```ts
 * uncertaintyWeights([1, 5, 3, 3], ['a', 'a', 'b', 'b'], { range: 4 }); // [0.8187, 0.8187, 1, 1]
 * ```
 */
export function uncertaintyWeights(
  predictions: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  options: UncertaintyOptions,
): Float64Array {
  const where = 'uncertaintyWeights';
  const { range, strength = 0.2 } = options;
  checkPositive(where, 'range', range);
  checkAtLeast(where, 'strength', strength, 0);
  checkLength(where, 'groups', groups.length, predictions.length);
  const values = readRewards(where, predictions, groups);
  const weights = new Float64Array(values.length).fill(1);
  for (const members of groupMembers(groups)) {
    const known = members.filter((i) => !Number.isNaN(values[i]!));
    if (known.length < 2) continue;
    const variance = standardDeviation(values, known, mean(values, known), 0) ** 2;
    const weight = Math.exp(-strength * Math.min(1, variance / (range * range * 0.25)));
    for (const i of members) weights[i] = weight;
  }
  return weights;
}
