import fc from 'fast-check';
import ndarray, { type NdArray } from 'ndarray';
import type { GrpoBatch } from '../types.js';

/** Rewards and their groups, as advantage estimators take them. */
export interface RewardGroups {
  readonly rewards: number[];
  readonly groups: number[];
}

/** Options of {@link arbitraryRewardGroups}. */
export interface RewardGroupOptions {
  /** @defaultValue 24 */
  readonly maxCompletions?: number;
  /** @defaultValue 4 */
  readonly maxGroups?: number;
}

/**
 * Rewards in sixteenths within ±10, so that sums are exact and ties common, in ragged groups in any order, single ones included.
 *
 * @example
 * ```ts
 * fc.assert(fc.property(arbitraryRewardGroups(), ({ rewards, groups }) => rewards.length === groups.length));
 * ```
 */
export function arbitraryRewardGroups(options: RewardGroupOptions = {}): fc.Arbitrary<RewardGroups> {
  const { maxCompletions = 24, maxGroups = 4 } = options;
  const completion = fc.record({
    reward: fc.integer({ min: -160, max: 160 }).map((n) => n / 16),
    group: fc.integer({ min: 0, max: maxGroups - 1 }),
  });
  return fc
    .array(completion, { minLength: 1, maxLength: maxCompletions })
    .map((rows) => ({ rewards: rows.map((r) => r.reward), groups: rows.map((r) => r.group) }));
}

/** A {@link GrpoBatch} with all its matrices. */
export interface FullBatch extends GrpoBatch {
  readonly logps: NdArray<Float64Array>;
  readonly oldLogps: NdArray<Float64Array>;
  readonly refLogps: NdArray<Float64Array>;
  readonly samplerLogps: NdArray<Float64Array>;
  readonly entropies: NdArray<Float64Array>;
  readonly mask: NdArray<Float64Array>;
  readonly advantages: number[];
  readonly groups: string[];
}

/** Options of {@link arbitraryBatch}. */
export interface BatchOptions {
  /** |logps − oldLogps| is at most this; above 1, so are the distances to the reference and the sampler. @defaultValue 1 */
  readonly drift?: number;
  /** @defaultValue 5 */
  readonly maxRows?: number;
  /** @defaultValue 6 */
  readonly maxColumns?: number;
  /** Exactly so many. @defaultValue 1 to `maxColumns` */
  readonly columns?: number;
}

/**
 * A batch for a loss: any shape up to the limits, holes and empty rows in the mask, everything optional present.
 *
 * @example
 * ```ts
 * fc.assert(fc.property(arbitraryBatch(), (batch) => Number.isFinite(grpoLoss(batch).loss)));
 * ```
 */
export function arbitraryBatch(options: BatchOptions = {}): fc.Arbitrary<FullBatch> {
  const { drift = 1, maxRows = 5, maxColumns = 6, columns: exactly } = options;
  const [far, near] = drift > 1 ? [drift, drift] : [1, 0.5];
  const shape = fc.tuple(
    fc.integer({ min: 1, max: maxRows }),
    fc.integer({ min: exactly ?? 1, max: exactly ?? maxColumns }),
  );
  return shape.chain(([rows, columns]) => {
    const vector = (min: number, max: number, length: number) =>
      fc.array(fc.double({ min, max, noNaN: true }), { minLength: length, maxLength: length });
    const matrix = (data: ArrayLike<number>) => ndarray(Float64Array.from(data), [rows, columns]);
    const size = rows * columns;
    return fc
      .record({
        logps: vector(-4, 0, size),
        old: vector(-drift, drift, size),
        reference: vector(-far, far, size),
        sampler: vector(-near, near, size),
        entropies: vector(0, 2, size),
        mask: fc.array(fc.constantFrom(0, 1, 1), { minLength: size, maxLength: size }),
        advantages: vector(-3, 3, rows),
        groups: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: rows, maxLength: rows }),
      })
      .map(({ logps, old, reference, sampler, entropies, mask, advantages, groups }) => {
        const moved = (by: number[]) => matrix(logps.map((lp, k) => lp + by[k]!));
        return {
          logps: matrix(logps),
          oldLogps: moved(old),
          refLogps: moved(reference),
          samplerLogps: moved(sampler),
          entropies: matrix(entropies),
          mask: matrix(mask),
          advantages,
          groups,
        };
      });
  });
}
