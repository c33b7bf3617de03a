import type { BatchReader, FlatRows } from './batch.js';
import { flatCorrection } from './corrections/weights.js';
import { type EntropyTerms, entropyTerms } from './entropy.js';
import { emptyKlTerms, type KlTerms, klTerms } from './kl/penalty.js';
import { comparesRows, policyTerms } from './losses/policy.js';
import { clearTerms, emptyTerms, type LossTerms, type TokenBatch } from './losses/tokens.js';
import { correctionMetrics, maskedSum, PolicyTally } from './metrics.js';
import type { GrpoSettings } from './options.js';
import { addRatioGradient, emptyLogRatio, importanceLogRatio, type LogRatio } from './ratio.js';
import type { GroupId } from './types.js';

/** Rows of a batch, and room for what the loss computes of them: reused from block to block. */
export interface Block {
  readonly rows: FlatRows;
  /** Weights of the aggregation. */
  readonly weights: Float64Array;
  readonly ratio: LogRatio;
  readonly terms: LossTerms;
  readonly kl: KlTerms | undefined;
  readonly groups: ArrayLike<GroupId> | undefined;
}

/** A block of so many rows. */
export function blockOf(reader: BatchReader, count: number): Block {
  const rows = reader.allocate(count);
  const tokens = rows.mask.length;
  return {
    rows,
    weights: rows.weights ?? new Float64Array(tokens),
    ratio: emptyLogRatio(tokens),
    terms: emptyTerms(tokens),
    kl: rows.refLogps && emptyKlTerms(tokens),
    groups: reader.groups,
  };
}

/** Few enough that a block stays in the processor's cache: half the time of one pass after another over the batch. */
const TOKENS_PER_BLOCK = 2048;

/** How many rows to compute at once: all of them where a part of the loss compares rows. */
export function rowsPerBlock({ policy, corrections, entropy }: GrpoSettings, rows: number, columns: number): number {
  const wholeBatch = comparesRows(policy) || corrections.length > 0 || Object.keys(entropy).length > 0;
  return Math.max(1, wholeBatch ? rows : Math.floor(TOKENS_PER_BLOCK / Math.max(1, columns)));
}

/** Gives each token its row's number. */
export function fillRows(out: Float64Array, ofRow: Float64Array, columns: number): void {
  for (let start = 0, row = 0; start < out.length; start += columns, row++) {
    out.fill(ofRow[row]!, start, start + columns);
  }
}

/** What the blocks of a batch add up to. */
export class LossSums {
  policyLoss = 0;
  klLoss = 0;
  entropyLoss = 0;
  entropyGradient: Float64Array | undefined;
  /** Σ KL and Σ entropy over counted tokens, where there are any. */
  kl: number | undefined;
  entropy: number | undefined;
  correction: Record<string, number> = {};
  readonly policy = new PolicyTally();

  get loss(): number {
    return this.policyLoss + this.klLoss + this.entropyLoss;
  }

  metrics(): Record<string, number> {
    const tokens = Math.max(1, this.policy.tokens);
    return {
      loss: this.loss,
      policy_loss: this.policyLoss,
      ...(this.kl !== undefined && { kl: this.kl / tokens, kl_loss: this.klLoss }),
      ...this.policy.metrics(),
      ...this.correction,
      ...(this.entropy !== undefined && { entropy: this.entropy / tokens }),
    };
  }
}

/** Adds a block's share to the sums, and leaves its gradient over logps in `block.terms.logpsGradient`. */
export function addBlock(block: Block, settings: GrpoSettings, sums: LossSums): void {
  const { rows, ratio, terms } = block;
  const { columns, mask, logps } = rows;
  const { ratioLevel } = settings;
  importanceLogRatio(logps, rows.oldLogps ?? logps, mask, columns, ratioLevel, settings.logRatioClamp, ratio);
  const entropy = entropyTerms(rows, settings.entropy);
  const correction = corrected(rows, settings);
  const tokens: TokenBatch = {
    columns,
    mask,
    logps,
    logRatio: ratio.values,
    ratios: ratio.ratios,
    advantages: rows.advantages,
    weights: product(rows.policyWeights ?? block.weights, correction?.factors, entropy?.kept),
    oldLogps: rows.oldLogps,
    groups: block.groups,
    corrections: correction?.factors,
  };
  clearTerms(terms);
  policyTerms(tokens, settings.policy, terms);
  sums.policyLoss += weightedSum(tokens.weights, terms.value, mask);
  sums.policy.add(tokens, terms);
  addKl(block, settings.correctionScope === 'all' ? correction?.factors : undefined, settings, sums);
  addRatioGradient(terms.logpsGradient, terms.ratioGradient, ratio, mask, columns, ratioLevel);
  addFigures(rows, entropy, correction?.metrics, sums);
}

/** The correction for the sampler, and figures about it. */
function corrected(rows: FlatRows, { corrections }: GrpoSettings) {
  if (corrections.length === 0) return undefined;
  const { logps, oldLogps = logps } = rows;
  // without a separate sampler the old policy is the sampler: only 'off-policy' and 'tv-bound' then have anything to do
  const batch = { ...rows, oldLogps, samplerLogps: rows.samplerLogps ?? oldLogps };
  const { weights: factors, missing } = flatCorrection('grpoLoss', batch, corrections);
  return { factors, metrics: { ...correctionMetrics(factors, rows.mask), 'sampler/missing': missing } };
}

/** Weights times the correction, of the tokens that are kept. */
function product(weights: Float64Array, factors?: Float64Array, kept?: Uint8Array): Float64Array {
  if (factors === undefined && kept === undefined) return weights;
  return weights.map((w, k) => w * (factors?.[k] ?? 1) * (kept?.[k] ?? 1));
}

/** Adds β w KL to the loss and to both gradients. */
function addKl(block: Block, factors: Float64Array | undefined, { kl: options }: GrpoSettings, sums: LossSums): void {
  const { rows, ratio, terms, kl } = block;
  if (kl === undefined || rows.refLogps === undefined) return;
  const { coefficient = 0, weighting = 'none' } = options;
  const { mask } = rows;
  klTerms(rows.logps, rows.refLogps, mask, options, kl);
  if (weighting === 'ratio') {
    for (let k = 0; k < mask.length; k++) {
      kl.value[k]! *= ratio.ratios[k]!;
      kl.slope[k]! *= ratio.ratios[k]!;
    }
  }
  sums.kl = (sums.kl ?? 0) + maskedSum(kl.value, mask);
  if (coefficient === 0) return; // logged only; 0 times an infinite KL would be NaN
  const weights = product(block.weights, factors);
  let loss = 0;
  for (let k = 0; k < mask.length; k++) {
    if (mask[k] === 0) continue;
    const scale = coefficient * weights[k]!;
    loss += scale * kl.value[k]!;
    terms.logpsGradient[k]! += scale * kl.slope[k]!;
    if (weighting === 'ratio') terms.ratioGradient[k]! += scale * kl.value[k]!;
  }
  sums.klLoss += loss;
}

function addFigures(
  { entropies, mask }: FlatRows,
  entropy: EntropyTerms | undefined,
  correction: Record<string, number> | undefined,
  sums: LossSums,
): void {
  if (entropies !== undefined) sums.entropy = (sums.entropy ?? 0) + maskedSum(entropies, mask);
  if (correction !== undefined) sums.correction = correction;
  if (entropy === undefined) return;
  sums.entropyLoss += entropy.loss;
  sums.entropyGradient = entropy.gradient;
}

/** Where the weight is 0 the value may be infinite. */
function weightedSum(weights: Float64Array, values: Float64Array, mask: Uint8Array): number {
  let sum = 0;
  for (let k = 0; k < mask.length; k++) if (mask[k] === 1 && weights[k] !== 0) sum += weights[k]! * values[k]!;
  return sum;
}
