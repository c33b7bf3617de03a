import ndarray from 'ndarray';
import { aggregationRowWeights } from './aggregation.js';
import { batchReader } from './batch.js';
import { addBlock, blockOf, fillRows, LossSums, rowsPerBlock } from './block.js';
import { fail } from './checks.js';
import { type GrpoOptions, settingsOf } from './options.js';
import type { GrpoBatch, GrpoResult } from './types.js';

/**
 * The GRPO loss of a batch and its exact gradient with respect to the log-probabilities.
 *
 * loss = Σ w_{i,t} ( policy(ρ_{i,t}, A_{i,t}) + β KL_{i,t} ), ρ = exp(logps − oldLogps), w from the aggregation.
 *
 * See DeepSeekMath, arXiv 2402.03300, equations 3 and 4; the options hold what later work changed.
 *
 * All arithmetic is float64 whatever the input. Entries under mask 0 are never read. Without `oldLogps` the ratio is 1 and
 * its gradient is that at 1, so with advantages that sum to 0 the loss is near 0 while the gradient is not: watch `signal`.
 * A batch in which nothing counts has loss 0 and gradient 0.
 *
 * @param batch - matrices [B, T], advantages [B] or [B, T].
 * @returns loss, gradient [B, T] and metrics.
 * @throws RangeError for unequal shapes, a mask of other than 0 and 1, a value that is not finite where the mask is 1, KL
 * without `refLogps`, or an option out of range.
 * @example
 * ```ts
 * const logps = ndarray(Float64Array.of(-1, -2), [2, 1]);
 * const mask = ndarray(Float64Array.of(1, 1), [2, 1]);
 * const { gradient } = grpoLoss({ logps, mask, advantages: [1, -1] });
 * // gradient.data: [-0.5, 0.5]: make the first more likely, the second less
 * ```
 */
export function grpoLoss(batch: GrpoBatch, options: GrpoOptions = {}): GrpoResult {
  const where = 'grpoLoss';
  const settings = settingsOf(where, options);
  if (batch.refLogps === undefined && (settings.kl.coefficient ?? 0) > 0) {
    fail(where, 'refLogps', 'be given when kl.coefficient is above 0', undefined);
  }
  const reader = batchReader(where, batch);
  const { rows, columns, mask, groups } = reader;
  const { mode, ...aggregation } = settings.aggregation;
  const rowWeights =
    batch.weights === undefined && aggregationRowWeights(mask, rows, columns, mode, { groups, ...aggregation });

  const sums = new LossSums();
  const gradient = new Float64Array(rows * columns);
  const step = rowsPerBlock(settings, rows, columns);
  let block = blockOf(reader, Math.min(step, rows));
  // an empty batch is one empty block, so that its metrics are complete
  for (let first = 0; first === 0 || first < rows; first += step) {
    if (first + step > rows) block = blockOf(reader, rows - first);
    reader.read(first, block.rows);
    if (rowWeights) fillRows(block.weights, rowWeights.subarray(first), columns);
    addBlock(block, settings, sums);
    gradient.set(block.terms.logpsGradient, first * columns);
  }
  const { loss, entropyGradient } = sums;
  return {
    loss,
    gradient: ndarray(gradient, [rows, columns]),
    metrics: { ...sums.metrics(), on_policy: batch.oldLogps === undefined ? 1 : 0 },
    ...(entropyGradient && { entropyGradient: ndarray(entropyGradient, [rows, columns]) }),
  };
}
