import { readMask, readMatrix, shapeOf } from '../dense.js';
import { maskedMean } from '../metrics.js';
import type { CorrectionBatch } from './weights.js';

/**
 * How far the sampler is from the trained policy, in the figures the field uses. With r = π_old / π_sampler at each token:
 *
 * - `kl` = mean(−log r), `k3_kl` = mean(r − log r − 1)
 * - `training_ppl`, `rollout_ppl` = mean over sequences of exp(−mean logp); `…_log_ppl` its logarithm before that mean
 * - `log_ppl_diff` (and `_abs`, `_max`, `_min`) = mean logp of the sampler − that of the policy, a sequence; `ppl_ratio` = its exp
 * - `chi2_token` = mean(r²) − 1, `chi2_seq` the same of each sequence's product
 * - `logp_difference/mean`, `/max` of |log r|
 *
 * See verl's rollout correction metrics; TRL's `sampling/sampling_logp_difference`.
 *
 * @param batch - mask, oldLogps and samplerLogps [B, T]; tokens without a sampler log-probability are left out.
 * @throws RangeError for unequal shapes.
 * @example
 * ```ts
 * const row = (...x: number[]) => ndarray(Float64Array.from(x), [1, x.length]);
 * samplerDiagnostics({ mask: row(1, 1), oldLogps: row(-1, -1), samplerLogps: row(-1, -1) })['kl']; // 0
 * ```
 */
export function samplerDiagnostics(
  batch: Pick<CorrectionBatch, 'mask' | 'oldLogps' | 'samplerLogps'>,
): Record<string, number> {
  const where = 'samplerDiagnostics';
  const [rows, columns] = shapeOf(where, 'mask', batch.mask);
  const all = readMask(where, batch.mask);
  const old = readMatrix(where, 'oldLogps', batch.oldLogps, all, rows, columns);
  const sampler = readMatrix(where, 'samplerLogps', batch.samplerLogps, all, rows, columns, 'allow NaN');
  const mask = all.map((m, k) => (m === 1 && !Number.isNaN(sampler[k]) ? 1 : 0));
  const log = old.map((lp, k) => (mask[k] === 1 ? lp - sampler[k]! : 0));
  const absolute = log.map(Math.abs);
  const sequences = Array.from({ length: rows }, (_, row) => sequence(row, mask, old, sampler, columns)).filter(
    (s) => s.count > 0,
  );
  const over = (value: (s: SequenceMeans) => number) =>
    sequences.reduce((sum, s) => sum + value(s), 0) / Math.max(1, sequences.length);
  const differences = sequences.map((s) => s.sampler - s.old);
  return {
    kl: -maskedMean(log, mask),
    k3_kl: maskedMean(
      log.map((l) => Math.expm1(held(l)) - l),
      mask,
    ),
    training_log_ppl: over((s) => -s.old),
    training_ppl: over((s) => Math.exp(-s.old)),
    rollout_log_ppl: over((s) => -s.sampler),
    rollout_ppl: over((s) => Math.exp(-s.sampler)),
    log_ppl_diff: over((s) => s.sampler - s.old),
    log_ppl_abs_diff: over((s) => Math.abs(s.sampler - s.old)),
    log_ppl_diff_max: Math.max(...differences, ...(sequences.length === 0 ? [0] : [])),
    log_ppl_diff_min: Math.min(...differences, ...(sequences.length === 0 ? [0] : [])),
    ppl_ratio: over((s) => Math.exp(s.sampler - s.old)),
    chi2_token:
      sequences.length === 0
        ? 0
        : maskedMean(
            log.map((l) => Math.exp(2 * held(l))),
            mask,
          ) - 1,
    chi2_seq: sequences.length === 0 ? 0 : over((s) => Math.exp(2 * held((s.old - s.sampler) * s.count))) - 1,
    'logp_difference/mean': maskedMean(absolute, mask),
    'logp_difference/max': absolute.reduce((most, x) => Math.max(most, x), 0),
  };
}

interface SequenceMeans {
  readonly count: number;
  readonly old: number;
  readonly sampler: number;
}

/** As in the corrections, so that exp stays finite. */
const held = (x: number) => Math.min(20, Math.max(-20, x));

function sequence(
  row: number,
  mask: Uint8Array,
  old: Float64Array,
  sampler: Float64Array,
  columns: number,
): SequenceMeans {
  let [count, oldSum, samplerSum] = [0, 0, 0];
  for (let k = row * columns; k < (row + 1) * columns; k++) {
    if (mask[k] === 0) continue;
    count++;
    oldSum += old[k]!;
    samplerSum += sampler[k]!;
  }
  const n = Math.max(1, count);
  return { count, old: oldSum / n, sampler: samplerSum / n };
}
