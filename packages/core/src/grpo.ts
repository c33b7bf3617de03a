import ndarray from 'ndarray';
import { type AggregationMode, type AggregationOptions, flatAggregationWeights } from './aggregation.js';
import { type FlatBatch, flatten } from './batch.js';
import { checkOneOf, checkPositive, fail } from './checks.js';
import type { CorrectionStep } from './corrections/steps.js';
import { flatCorrection } from './corrections/weights.js';
import { type EntropyOptions, entropyTerms } from './entropy.js';
import { checkKlOptions, type KlOptions, klTerms } from './kl/penalty.js';
import { type PolicyLossOptions, policyTerms } from './losses/policy.js';
import type { TokenBatch } from './losses/tokens.js';
import { correctionMetrics, maskedMean, policyMetrics } from './metrics.js';
import { addRatioGradient, importanceLogRatio, type LogRatio, type RatioLevel } from './ratio.js';
import type { GrpoBatch, GrpoResult } from './types.js';

/** A mode of aggregation with its options. */
export interface Aggregation extends AggregationOptions {
  /** How token losses become one number. */
  readonly mode: AggregationMode;
}

/** Options of {@link grpoLoss}. */
export interface GrpoOptions {
  /** The policy loss and its bounds. @defaultValue `{ type: 'clipped', clipLow: 0.2, clipHigh: 0.2 }` */
  readonly policy?: PolicyLossOptions | undefined;
  /** @defaultValue 'token' */
  readonly ratioLevel?: RatioLevel | undefined;
  /** The log importance ratio is held within ±this, where it then has no gradient. Infinity = off. @defaultValue 20 */
  readonly logRatioClamp?: number | undefined;
  /** How to make up for a sampler that is not quite the old policy; needs `samplerLogps`. @defaultValue none */
  readonly corrections?: readonly CorrectionStep[] | undefined;
  /** What the correction multiplies: the policy loss (TRL, verl, Liger) or the KL too (ms-swift). @defaultValue 'policy' */
  readonly correctionScope?: 'policy' | 'all' | undefined;
  /** Top-entropy mask and entropy bonus; needs `entropies`. @defaultValue none */
  readonly entropy?: EntropyOptions | undefined;
  /** The KL term. @defaultValue none */
  readonly kl?: KlOptions | undefined;
  /** How token losses become one number; ignored when the batch brings `weights`. @defaultValue `{ mode: 'token-mean' }` */
  readonly aggregation?: Aggregation | undefined;
}

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
  const { policy = { type: 'clipped' }, ratioLevel = 'token', logRatioClamp = 20, kl = {} } = options;
  checkOneOf(where, 'ratioLevel', ratioLevel, ['token', 'sequence', 'sequence-token']);
  checkPositive(where, 'logRatioClamp', logRatioClamp);
  const flat = flatten(where, batch);
  const { rows, columns, mask, logps } = flat;
  const { mode, ...aggregation } = options.aggregation ?? { mode: 'token-mean' };
  const weights =
    flat.weights ?? flatAggregationWeights(mask, rows, columns, mode, { groups: flat.groups, ...aggregation });

  const ratio = importanceLogRatio(logps, flat.oldLogps ?? logps, mask, columns, ratioLevel, logRatioClamp);
  const { advantages, oldLogps, groups } = flat;
  const entropy = entropyTerms(flat, options.entropy ?? {});
  const correction = corrected(flat, options);
  const corrections = correction?.factors;
  const tokens: TokenBatch = {
    columns,
    mask,
    logps,
    logRatio: ratio.values,
    ratios: ratio.ratios,
    advantages,
    weights: policyWeights(flat.policyWeights ?? weights, corrections, entropy?.kept),
    oldLogps,
    groups,
    corrections,
  };
  const terms = policyTerms(tokens, policy);
  const gradient = terms.logpsGradient ?? new Float64Array(mask.length);
  const policyLoss = weightedSum(tokens.weights, terms.value);
  const klWeights = options.correctionScope === 'all' ? policyWeights(weights, corrections) : weights;
  const klPart = addKl(gradient, terms.ratioGradient, flat, klWeights, ratio, kl);
  addRatioGradient(gradient, terms.ratioGradient, ratio, mask, columns, ratioLevel);

  const loss = policyLoss + klPart.loss + (entropy?.loss ?? 0);
  const metrics = {
    loss,
    policy_loss: policyLoss,
    ...klPart.metrics,
    ...policyMetrics(tokens, terms),
    ...correction?.metrics,
    ...(flat.entropies && { entropy: maskedMean(flat.entropies, mask) }),
    on_policy: flat.oldLogps === undefined ? 1 : 0,
  };
  return {
    loss,
    gradient: ndarray(gradient, [rows, columns]),
    metrics,
    ...(entropy?.gradient && { entropyGradient: ndarray(entropy.gradient, [rows, columns]) }),
  };
}

/** Weights of the policy loss: those of the aggregation, times the correction, of the tokens that are kept. */
function policyWeights(weights: Float64Array, factors?: Float64Array, kept?: Uint8Array): Float64Array {
  if (factors === undefined && kept === undefined) return weights;
  return weights.map((w, k) => w * (factors?.[k] ?? 1) * (kept?.[k] ?? 1));
}

/** The correction for the sampler, and figures about it. */
function corrected(flat: FlatBatch, options: GrpoOptions) {
  checkOneOf('grpoLoss', 'correctionScope', options.correctionScope ?? 'policy', ['policy', 'all']);
  const { corrections = [] } = options;
  if (corrections.length === 0) return undefined;
  const { columns, mask, logps, advantages, oldLogps = logps } = flat;
  // without a separate sampler the old policy is the sampler: only 'off-policy' and 'tv-bound' then have anything to do
  const samplerLogps = flat.samplerLogps ?? oldLogps;
  const batch = { columns, mask, logps, advantages, oldLogps, samplerLogps };
  const { weights: factors, missing } = flatCorrection('grpoLoss', batch, corrections);
  return { factors, metrics: { ...correctionMetrics(factors, mask), 'sampler/missing': missing } };
}

/** Adds β w KL to both gradients, and returns its share of the loss. */
function addKl(
  gradient: Float64Array,
  ratioGradient: Float64Array,
  flat: FlatBatch,
  weights: Float64Array,
  ratio: LogRatio,
  options: KlOptions,
): { loss: number; metrics: Record<string, number> } {
  checkKlOptions(options);
  const { coefficient = 0, weighting = 'none' } = options;
  if (flat.refLogps === undefined) {
    if (coefficient === 0) return { loss: 0, metrics: {} };
    fail('grpoLoss', 'refLogps', 'be given when kl.coefficient is above 0', undefined);
  }
  const terms = klTerms(flat.logps, flat.refLogps, flat.mask, options);
  let loss = 0;
  for (let k = 0; k < weights.length; k++) {
    if (flat.mask[k] === 0) continue;
    const factor = weighting === 'ratio' ? ratio.ratios[k]! : 1;
    terms.value[k]! *= factor;
    if (coefficient === 0) continue; // logged only; 0 times an infinite KL would be NaN
    const scale = coefficient * weights[k]!;
    loss += scale * terms.value[k]!;
    gradient[k]! += scale * factor * terms.slope[k]!;
    if (weighting === 'ratio') ratioGradient[k]! += scale * terms.value[k]!;
  }
  return { loss, metrics: { kl: maskedMean(terms.value, flat.mask), kl_loss: loss } };
}

function weightedSum(weights: Float64Array, values: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < weights.length; k++) if (weights[k] !== 0) sum += weights[k]! * values[k]!;
  return sum;
}
