/**
 * GRPO's maths on arrays: advantages, policy losses, KL and aggregation, each with its exact gradient.
 *
 * @module
 */
export { groupAdvantages, type GroupAdvantageOptions, type GroupAdvantages } from './advantages/group.js';
export {
  aggregationCounts,
  type AggregationCounts,
  type AggregationMode,
  type AggregationOptions,
  aggregationWeights,
} from './aggregation.js';
export { grpoLoss, type GrpoOptions } from './grpo.js';
export { type KlEstimator, klEstimators, type KlTerm } from './kl/estimators.js';
export { type KlOptions } from './kl/penalty.js';
export { type ClippedOptions, clippedSurrogate } from './losses/clipped.js';
export { type PolicyLossOptions } from './losses/policy.js';
export { CLIP, type LossTerms, type TokenBatch } from './losses/tokens.js';
export { combineMetrics } from './metrics.js';
export { type Preset, type PresetName, presets } from './presets.js';
export { type RatioLevel } from './ratio.js';
export { type GroupId, type GrpoBatch, type GrpoResult, type MaskMatrix, type Matrix } from './types.js';
