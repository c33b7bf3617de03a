import ndarray from 'ndarray';
import { type AggregationMode, type AggregationOptions, flatAggregationWeights } from './aggregation.js';
import { type FlatBatch, flatten } from './batch.js';
import { checkOneOf, checkPositive, fail } from './checks.js';
import { checkKlOptions, type KlOptions, klTerms } from './kl/penalty.js';
import { type PolicyLossOptions, policyTerms } from './losses/policy.js';
import type { TokenBatch } from './losses/tokens.js';
import { maskedMean, policyMetrics } from './metrics.js';
import { addRatioGradient, importanceLogRatio, type LogRatio, type RatioLevel } from './ratio.js';
import type { GrpoBatch, GrpoResult } from './types.js';

/** Options of {@link grpoLoss}. */
export interface GrpoOptions {
  /** The policy loss and its bounds. @defaultValue `{ type: 'clipped', clipLow: 0.2, clipHigh: 0.2 }` */
  readonly policy?: PolicyLossOptions | undefined;
  /** @defaultValue 'token' */
  readonly ratioLevel?: RatioLevel | undefined;
  /** The log importance ratio is held within ±this, where it then has no gradient. Infinity = off. @defaultValue 20 */
  readonly logRatioClamp?: number | undefined;
  /** The KL term. @defaultValue none */
  readonly kl?: KlOptions | undefined;
  /** How token losses become one number; ignored when the batch brings `weights`. @defaultValue `{ mode: 'token-mean' }` */
  readonly aggregation?: ({ readonly mode: AggregationMode } & AggregationOptions) | undefined;
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
  const weights = flat.weights ?? flatAggregationWeights(mask, rows, columns, mode, aggregation);

  const ratio = importanceLogRatio(logps, flat.oldLogps ?? logps, mask, columns, ratioLevel, logRatioClamp);
  const tokens: TokenBatch = { columns, mask, logps, logRatio: ratio.values, advantages: flat.advantages, weights };
  const terms = policyTerms(tokens, policy);
  const gradient = terms.logpsGradient ?? new Float64Array(mask.length);
  const policyLoss = weightedSum(weights, terms.value);
  const klPart = addKl(gradient, terms.ratioGradient, flat, weights, ratio, kl);
  addRatioGradient(gradient, terms.ratioGradient, ratio, mask, columns, ratioLevel);

  const loss = policyLoss + klPart.loss;
  const metrics = {
    loss,
    policy_loss: policyLoss,
    ...klPart.metrics,
    ...policyMetrics(tokens, terms),
    ...(flat.entropies && { entropy: maskedMean(flat.entropies, mask) }),
    on_policy: flat.oldLogps === undefined ? 1 : 0,
  };
  return { loss, gradient: ndarray(gradient, [rows, columns]), metrics };
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
    const factor = weighting === 'ratio' ? Math.exp(ratio.values[k]!) : 1;
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
