import ndarray, { type NdArray } from 'ndarray';
import { checkLength, checkOneOf } from '../checks.js';
import { readMask, readMatrix, shapeOf } from '../dense.js';
import type { GroupId, MaskMatrix, Matrix } from '../types.js';
import { groupMembers, isConstant } from './grouping.js';

/** What {@link optimalTokenBaselineAdvantages} reads. All matrices are [B, T]. */
export interface OptimalTokenBaselineBatch {
  /** Return at each token, as {@link tokenReturns} gives it. */
  readonly returns: Matrix;
  /** Which tokens count. */
  readonly mask: MaskMatrix;
  /** [B] group of each row. */
  readonly groups: ArrayLike<GroupId>;
  /** Log-probabilities of the tokens. */
  readonly logps: Matrix;
  /** Σ_v π(v)² over the vocabulary at each token. */
  readonly sumPiSquared: Matrix;
  /** Importance weights of the rollout; absent = 1. */
  readonly importanceWeights?: Matrix | undefined;
}

/** Options of {@link optimalTokenBaselineAdvantages}. */
export interface OptimalTokenBaselineOptions {
  /** Past the second longest completion of a group the baseline is that row itself: keep it, or use 0. @defaultValue 'keep' */
  readonly tail?: 'keep' | 'zero' | undefined;
}

/**
 * Returns over the baseline of least gradient variance at each token, estimated from the energy of the completions' gradients
 * so far.
 *
 * w_t = 1 − 2π_t + Σ_v π_v², W_t = Σ_{j≤t} w_j ρ_j², B_t = Σᵢ G_{i,t} W_{i,t} / Σᵢ W_{i,t}, A = G − B
 *
 * As in verl's `optimal_token_baseline`; a group of one has baseline 0 there and here. Where all returns of a group are equal the
 * advantage is exactly 0 (there, a residue of 1e-8 of the return).
 *
 * @returns [B, T]; 0 under mask 0.
 * @throws RangeError for unequal shapes.
 * @example
 * ```ts
 * const one = ndarray(Float64Array.of(1, 1), [2, 1]);
 * const zero = ndarray(Float64Array.of(0, 0), [2, 1]); // π = 1
 * const batch = { returns: ndarray(Float64Array.of(1, 0), [2, 1]), mask: one, groups: [0, 0], logps: zero, sumPiSquared: ndarray(Float64Array.of(2, 4), [2, 1]) };
 * optimalTokenBaselineAdvantages(batch).data; // [0.75, -0.25]: energies 1 and 3
 * ```
 */
export function optimalTokenBaselineAdvantages(
  batch: OptimalTokenBaselineBatch,
  options: OptimalTokenBaselineOptions = {},
): NdArray<Float64Array> {
  const where = 'optimalTokenBaselineAdvantages';
  const { tail = 'keep' } = options;
  checkOneOf(where, 'tail', tail, ['keep', 'zero']);
  const [rows, columns] = shapeOf(where, 'mask', batch.mask);
  checkLength(where, 'groups', batch.groups.length, rows);
  const mask = readMask(where, batch.mask);
  const returns = readMatrix(where, 'returns', batch.returns, mask, rows, columns);
  const energy = cumulativeEnergy(where, batch, mask, rows, columns);
  const advantages = returns.slice();
  for (const members of groupMembers(batch.groups)) {
    if (members.length < 2) continue;
    const lengths = members.map((row) => countRow(mask, row, columns)).sort((a, b) => b - a);
    const end = tail === 'zero' ? lengths[1]! : columns;
    for (let t = 0; t < end; t++) {
      const tokens = members.map((row) => row * columns + t).filter((k) => mask[k] === 1);
      const alike = isConstant(returns, tokens, 1e-12);
      let [weighted, total] = [0, 0];
      for (const k of tokens) {
        weighted += returns[k]! * energy[k]!;
        total += energy[k]!;
      }
      const baseline = weighted / (total + 1e-8); // 1e-8 as in verl; without any energy there is no gradient either
      for (const k of tokens) advantages[k] = alike ? 0 : returns[k]! - baseline;
    }
  }
  return ndarray(advantages, [rows, columns]);
}

function cumulativeEnergy(
  where: string,
  batch: OptimalTokenBaselineBatch,
  mask: Uint8Array,
  rows: number,
  columns: number,
) {
  const logps = readMatrix(where, 'logps', batch.logps, mask, rows, columns);
  const squares = readMatrix(where, 'sumPiSquared', batch.sumPiSquared, mask, rows, columns);
  const weights =
    batch.importanceWeights && readMatrix(where, 'importanceWeights', batch.importanceWeights, mask, rows, columns);
  const energy = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      if (mask[k] === 1) sum += (1 - 2 * Math.exp(logps[k]!) + squares[k]!) * (weights?.[k] ?? 1) ** 2;
      energy[k] = sum;
    }
  }
  return energy;
}

function countRow(mask: Uint8Array, row: number, columns: number): number {
  let count = 0;
  for (let k = row * columns; k < (row + 1) * columns; k++) count += mask[k]!;
  return count;
}
