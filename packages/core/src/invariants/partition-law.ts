import fc from 'fast-check';
import ndarray, { type NdArray } from 'ndarray';
import { aggregationWeights } from '../aggregation.js';
import { runsOf } from './advantage-laws.js';
import { arbitraryBatch, type FullBatch } from './arbitraries.js';
import { assertClose } from './close.js';
import type { BatchLoss, LossLawOptions } from './loss-laws.js';

/** Options of {@link lawPartition}. */
export interface PartitionOptions extends LossLawOptions {
  /** [B, T] weights of the whole batch, of which a part gets its rows as `weights`. @defaultValue those of 'token-mean' */
  readonly plan?: (batch: FullBatch) => NdArray<Float64Array>;
  /** What a part may not tear: a row, or a group, for losses that compare the rows of one. @defaultValue 'rows' */
  readonly together?: 'rows' | 'groups';
}

/**
 * However a batch is cut into micro-batches or spread over ranks, the parts' losses add up to the whole's, and each row has the
 * gradient it has in the whole. Losses that take statistics over the batch they are given break it.
 *
 * @param lossOf - the loss; it must honour `batch.weights` where they are given.
 * @throws Error with a counterexample when the law is broken.
 * @example
 * ```ts
 * lawPartition((batch) => grpoLoss(batch));
 * ```
 */
export function lawPartition(lossOf: BatchLoss, options: PartitionOptions = {}): void {
  const { tolerance = 1e-9, drift = 0.6, together = 'rows' } = options;
  const { plan = ({ mask }: FullBatch) => aggregationWeights(mask, 'token-mean') } = options;
  const parts = fc.array(fc.nat({ max: 3 }), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(arbitraryBatch({ drift, maxRows: 8 }), parts, (batch, partOf) => {
      const whole = lossOf(batch);
      const planned = { ...batch, weights: plan(batch) };
      let loss = 0;
      const gradient = new Float64Array(whole.gradient.size);
      const entropyGradient = new Float64Array(whole.gradient.size);
      for (const rows of partition(batch, partOf, together)) {
        const part = lossOf(rowsOf(planned, rows));
        loss += part.loss;
        put(gradient, part.gradient, rows);
        if (part.entropyGradient !== undefined) put(entropyGradient, part.entropyGradient, rows);
      }
      assertClose('partition: value', [loss], [whole.loss], tolerance);
      assertClose('partition: gradient', gradient, whole.gradient.data, tolerance);
      if (whole.entropyGradient !== undefined) {
        assertClose('partition: gradient over entropies', entropyGradient, whole.entropyGradient.data, tolerance);
      }
    }),
    runsOf(options),
  );
}

/** Rows of each part, in order, the parts in any. */
function partition({ groups }: FullBatch, partOf: readonly number[], together: 'rows' | 'groups'): number[][] {
  const first = (row: number) => (together === 'rows' ? row : groups.indexOf(groups[row]!));
  const rows = [...groups.keys()];
  return [3, 1, 0, 2]
    .map((part) => rows.filter((row) => partOf[first(row)] === part))
    .filter((part) => part.length > 0);
}

/** @internal The batch of these rows. */
export function rowsOf(batch: FullBatch & { weights: NdArray<Float64Array> }, rows: readonly number[]) {
  const columns = batch.mask.shape[1]!;
  const cut = ({ data }: NdArray<Float64Array>) => {
    const values = rows.flatMap((row) => [...data.slice(row * columns, (row + 1) * columns)]);
    return ndarray(Float64Array.from(values), [rows.length, columns]);
  };
  return {
    logps: cut(batch.logps),
    oldLogps: cut(batch.oldLogps),
    refLogps: cut(batch.refLogps),
    samplerLogps: cut(batch.samplerLogps),
    entropies: cut(batch.entropies),
    mask: cut(batch.mask),
    weights: cut(batch.weights),
    advantages: rows.map((row) => batch.advantages[row]!),
    groups: rows.map((row) => batch.groups[row]!),
  };
}

function put(into: Float64Array, part: NdArray<Float64Array>, rows: readonly number[]): void {
  const columns = part.shape[1]!;
  rows.forEach((row, i) => into.set(part.data.subarray(i * columns, (i + 1) * columns), row * columns));
}
