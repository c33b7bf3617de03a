import fc from 'fast-check';
import ndarray from 'ndarray';
import type { GrpoBatch } from '../../src/index.js';

const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true });

/** A batch of up to 5 x 6 with holes in the mask, all optional matrices present. */
export function batches(drift = 1): fc.Arbitrary<GrpoBatch & { oldLogps: ndarray.NdArray<Float64Array> }> {
  return fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 })).chain(([rows, columns]) => {
    const size = rows * columns;
    const values = (min: number, max: number) =>
      fc
        .array(finite(min, max), { minLength: size, maxLength: size })
        .map((data) => ndarray(Float64Array.from(data), [rows, columns]));
    return fc
      .record({
        logps: values(-4, 0),
        change: values(-drift, drift),
        refChange: values(-1, 1),
        samplerChange: values(-0.5, 0.5),
        entropies: values(0, 2),
        mask: fc
          .array(fc.constantFrom(0, 1, 1), { minLength: size, maxLength: size })
          .map((data) => ndarray(Float64Array.from(data), [rows, columns])),
        advantages: fc.array(finite(-3, 3), { minLength: rows, maxLength: rows }),
        groups: fc.array(fc.constantFrom('a', 'b'), { minLength: rows, maxLength: rows }),
      })
      .map(({ change, refChange, samplerChange, ...batch }) => {
        const shifted = (by: ndarray.NdArray<Float64Array>) =>
          ndarray(
            batch.logps.data.map((x, k) => x + by.data[k]!),
            [rows, columns],
          );
        return {
          ...batch,
          oldLogps: shifted(change),
          refLogps: shifted(refChange),
          samplerLogps: shifted(samplerChange),
        };
      });
  });
}

/** Rewards in sixteenths (exact, with many ties), ragged groups in any order. */
export function rewardGroups(): fc.Arbitrary<{ rewards: number[]; groups: number[] }> {
  return fc
    .array(
      fc.record({
        reward: fc.integer({ min: -160, max: 160 }).map((n) => n / 16),
        group: fc.integer({ min: 0, max: 3 }),
      }),
      { minLength: 1, maxLength: 24 },
    )
    .map((rows) => ({ rewards: rows.map((r) => r.reward), groups: rows.map((r) => r.group) }));
}
