import ndarray, { type NdArray } from 'ndarray';
import { klEstimators } from '../kl/estimators.js';
import { readAdvantages, readMask, readMatrix, shapeOf } from '../dense.js';
import { maskedMean } from '../metrics.js';
import type { MaskMatrix, Matrix } from '../types.js';
import { type CorrectionLevel, type CorrectionStep, checkStep } from './steps.js';

/** What {@link correctionWeights} reads; all matrices are [B, T]. */
export interface CorrectionBatch {
  /** Which tokens count. */
  readonly mask: MaskMatrix;
  /** Log-probabilities under the policy at the start of the update. */
  readonly oldLogps: Matrix;
  /** As the sampler reported them. NaN = not reported: the token has weight 1 and is counted. */
  readonly samplerLogps: Matrix;
  /** Under the policy being trained; absent = `oldLogps`. Only 'off-policy' and 'tv-bound' read them. */
  readonly logps?: Matrix | undefined;
  /** [B] or [B, T]; only 'off-policy' and 'tv-bound' read them. */
  readonly advantages?: ArrayLike<number> | Matrix | undefined;
}

/** What {@link correctionWeights} returns. */
export interface CorrectionWeights {
  /** [B, T] weights, 0 under mask 0 and where dropped. */
  readonly weights: NdArray<Float64Array>;
  /** Counted tokens without a sampler log-probability. */
  readonly missing: number;
}

/** @internal */
export interface FlatCorrectionBatch {
  readonly columns: number;
  readonly mask: Uint8Array;
  readonly logps: Float64Array;
  readonly oldLogps: Float64Array;
  /** NaN where missing. */
  readonly samplerLogps: Float64Array;
  readonly advantages: Float64Array;
}

/** A log ratio beyond this is held there: e^20 is large enough for any bound. */
const LOG_RATIO_LIMIT = 20;

/**
 * Per-token weights that correct for the difference between the sampler and the trained policy.
 *
 * Multiply the policy loss by them ({@link grpoLoss} does, given `corrections`). To take dropped tokens out of the denominators
 * too, use their pattern as the mask of the whole batch before planning its aggregation.
 *
 * See TIS, fengyao.notion.site/off-policy-rl (2025); IcePop, ringtech.notion.site/icepop (2025); {@link CorrectionStep}.
 *
 * @returns [B, T] weights, 0 under mask 0 and where dropped; and how many tokens had no sampler log-probability.
 * @throws RangeError for unequal shapes, an unknown step, or bounds out of order.
 * @example
 * ```ts
 * const row = (...x: number[]) => ndarray(Float64Array.from(x), [1, x.length]);
 * const batch = { mask: row(1, 1), oldLogps: row(-1, -1), samplerLogps: row(-2, -1) };
 * correctionWeights(batch, [{ kind: 'truncate', level: 'token', max: 2 }]).weights.data; // [2, 1]
 * ```
 */
export function correctionWeights(batch: CorrectionBatch, steps: readonly CorrectionStep[]): CorrectionWeights {
  const where = 'correctionWeights';
  const [rows, columns] = shapeOf(where, 'mask', batch.mask);
  const mask = readMask(where, batch.mask);
  const oldLogps = readMatrix(where, 'oldLogps', batch.oldLogps, mask, rows, columns);
  const flat = {
    columns,
    mask,
    oldLogps,
    logps: batch.logps === undefined ? oldLogps : readMatrix(where, 'logps', batch.logps, mask, rows, columns),
    samplerLogps: readMatrix(where, 'samplerLogps', batch.samplerLogps, mask, rows, columns, 'allow NaN'),
    advantages: readAdvantages(where, batch.advantages ?? new Float64Array(rows), mask, rows, columns),
  };
  const { weights, missing } = flatCorrection(where, flat, steps);
  return { weights: ndarray(weights, [rows, columns]), missing };
}

/** @internal {@link correctionWeights} on flat arrays. */
export function flatCorrection(
  where: string,
  batch: FlatCorrectionBatch,
  steps: readonly CorrectionStep[],
): { weights: Float64Array; missing: number } {
  const { mask } = batch;
  const logRatio = new Float64Array(mask.length);
  const weights = new Float64Array(mask.length);
  let missing = 0;
  for (let k = 0; k < mask.length; k++) {
    if (mask[k] === 0) continue;
    weights[k] = 1;
    const raw = batch.oldLogps[k]! - batch.samplerLogps[k]!;
    if (Number.isNaN(raw)) missing++;
    else logRatio[k] = raw;
  }
  for (const step of steps) {
    checkStep(where, step);
    apply(step, batch, logRatio, weights);
  }
  return { weights, missing };
}

function apply(step: CorrectionStep, batch: FlatCorrectionBatch, logRatio: Float64Array, weights: Float64Array): void {
  const { mask, columns } = batch;
  switch (step.kind) {
    case 'truncate':
    case 'mask':
    case 'gate': {
      const { min = 0, max = Infinity } = step;
      const ratios = levelRatios(step.level, logRatio, mask, columns);
      for (let k = 0; k < weights.length; k++) {
        if (step.kind === 'truncate') weights[k]! *= Math.min(max, Math.max(min, ratios[k]!));
        else if (!(ratios[k]! >= min && ratios[k]! <= max)) weights[k] = 0;
        else if (step.kind === 'mask') weights[k]! *= ratios[k]!;
      }
      return;
    }
    case 'outliers': {
      const { min = 0, max = Infinity } = step;
      const outside = logRatio.map((l, k) => (mask[k] === 1 && !(Math.exp(l) >= min && Math.exp(l) <= max) ? 1 : 0));
      const worst = bySequence('sequence-max', outside, mask, columns);
      drop(weights, (k) => worst[k]! > 0);
      return;
    }
    case 'reject': {
      const divergence = divergences(step.divergence, batch, logRatio);
      const values = step.level === 'token' ? divergence : bySequence(step.level, divergence, mask, columns);
      drop(weights, (k) => values[k]! > step.max);
      return;
    }
    case 'off-policy': {
      const behind = batch.logps.map((lp, k) =>
        Number.isNaN(batch.samplerLogps[k]) ? 0 : batch.samplerLogps[k]! - lp,
      );
      const values = bySequence('sequence-mean', behind, mask, columns);
      drop(weights, (k) => batch.advantages[k]! < 0 && values[k]! > step.max);
      return;
    }
    case 'tv-bound': {
      const ratio = batch.logps.map((lp, k) => Math.exp(clamp(lp - batch.oldLogps[k]!)));
      if (
        maskedMean(
          ratio.map((r) => Math.abs(r - 1)),
          mask,
        ) <= step.max
      )
        return;
      drop(weights, (k) => (ratio[k]! - 1) * batch.advantages[k]! > 0);
      return;
    }
    case 'normalize': {
      const mean = step.over === 'sequences' ? meanOfSequences(weights, mask, columns) : maskedMean(weights, mask);
      if (mean > 0) for (let k = 0; k < weights.length; k++) weights[k]! /= mean;
      return;
    }
  }
}

function drop(weights: Float64Array, when: (k: number) => boolean): void {
  for (let k = 0; k < weights.length; k++) if (weights[k] !== 0 && when(k)) weights[k] = 0;
}

const clamp = (x: number) => Math.min(LOG_RATIO_LIMIT, Math.max(-LOG_RATIO_LIMIT, x));

function levelRatios(level: CorrectionLevel, logRatio: Float64Array, mask: Uint8Array, columns: number): Float64Array {
  const sums = { token: logRatio, sequence: 'sequence-sum', 'sequence-mean': 'sequence-mean' } as const;
  const source = sums[level];
  const values = typeof source === 'string' ? bySequence(source, logRatio, mask, columns) : source;
  return values.map((x) => Math.exp(clamp(x)));
}

function divergences(
  divergence: 'k2' | 'k3' | 'binary-kl' | 'tv',
  { mask, oldLogps, samplerLogps }: FlatCorrectionBatch,
  logRatio: Float64Array,
): Float64Array {
  return logRatio.map((l, k) => {
    if (mask[k] === 0 || Number.isNaN(samplerLogps[k])) return 0;
    // d of the estimators is log π_sampler - log π_old, tokens being the sampler's
    if (divergence === 'k2' || divergence === 'k3') return klEstimators[divergence].value(-clamp(l));
    const [mu, pi] = [Math.exp(samplerLogps[k]!), Math.exp(oldLogps[k]!)];
    if (divergence === 'tv') return Math.abs(pi - mu);
    return mu * -l + (1 - mu) * Math.log((1 - mu + 1e-8) / (1 - pi + 1e-8));
  });
}

/** The row's sum, mean or maximum over counted tokens, at every token of the row. */
function bySequence(
  level: 'sequence-sum' | 'sequence-mean' | 'sequence-max',
  values: Float64Array,
  mask: Uint8Array,
  columns: number,
): Float64Array {
  const out = new Float64Array(values.length);
  for (let start = 0; start < values.length; start += columns) {
    let [sum, count, most] = [0, 0, 0];
    for (let k = start; k < start + columns; k++) {
      if (mask[k] === 0) continue;
      sum += values[k]!;
      count++;
      most = Math.max(most, values[k]!);
    }
    const value = level === 'sequence-max' ? most : level === 'sequence-sum' ? sum : sum / Math.max(1, count);
    out.fill(value, start, start + columns);
  }
  return out;
}

function meanOfSequences(values: Float64Array, mask: Uint8Array, columns: number): number {
  const means = bySequence('sequence-mean', values, mask, columns);
  let [sum, count] = [0, 0];
  for (let start = 0; start < values.length; start += columns) {
    if (!mask.subarray(start, start + columns).includes(1)) continue;
    sum += means[start]!;
    count++;
  }
  return sum / Math.max(1, count);
}
