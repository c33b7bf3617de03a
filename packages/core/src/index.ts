/**
 * GRPO's maths on arrays: advantages, policy losses, KL and aggregation, each with its exact gradient.
 *
 * @module
 */
export { generalizedAdvantages, type GeneralizedAdvantageOptions } from './advantages/gae.js';
export { gdpoAdvantages, type GdpoOptions } from './advantages/gdpo.js';
export { gpgAdvantages, type GpgOptions } from './advantages/gpg.js';
export { groupAdvantages, type GroupAdvantageOptions } from './advantages/group.js';
export { leaveOneOutAdvantages } from './advantages/leave-one-out.js';
export { type LengthCost, lengthShapedRewards } from './advantages/length-cost.js';
export { lengthWeightedAdvantages } from './advantages/length-weighted.js';
export { maxRlAdvantages, type MaxRlOptions } from './advantages/max-rl.js';
export { normalizeAdvantages, type NormalizeOptions } from './advantages/normalize.js';
export {
  type OptimalTokenBaselineBatch,
  optimalTokenBaselineAdvantages,
  type OptimalTokenBaselineOptions,
} from './advantages/optimal-token-baseline.js';
export { passAtKAdvantages, type PassAtKAdvantageOptions } from './advantages/pass-at-k.js';
export { type GroupAdvantages, type GroupOptions } from './advantages/per-group.js';
export {
  reinforcePlusPlusAdvantages,
  reinforcePlusPlusBaselineAdvantages,
  type TokenAdvantages,
} from './advantages/reinforce-plus-plus.js';
export { remaxAdvantages } from './advantages/remax.js';
export { type ReturnOptions, tokenReturns, tokenRewards } from './advantages/returns.js';
export { roleAdvantages, type RoleBaselines, type RoleOptions } from './advantages/role-baseline.js';
export {
  distillationAdvantages,
  selfDistillationAdvantages,
  type SelfDistillationOptions,
  type TeacherBatch,
} from './advantages/token-reweighting.js';
export { type UncertaintyOptions, uncertaintyWeights } from './advantages/uncertainty.js';
export {
  aggregationCounts,
  type AggregationCounts,
  type AggregationMode,
  type AggregationOptions,
  aggregationWeights,
} from './aggregation.js';
export { grpoLoss, type GrpoOptions } from './grpo.js';
export { adaptiveKl, type AdaptiveKlOptions, type AdaptiveKlState, cosineCoefficient } from './kl/controllers.js';
export { type KlEstimator, klEstimators, type KlTerm } from './kl/estimators.js';
export { addKlToAdvantages, type KlInAdvantageOptions } from './kl/in-advantage.js';
export { type KlOptions } from './kl/penalty.js';
export { type ClippedOptions, clippedSurrogate } from './losses/clipped.js';
export { type PolicyLossOptions } from './losses/policy.js';
export { CLIP, type LossTerms, type TokenBatch } from './losses/tokens.js';
export { combineMetrics } from './metrics.js';
export { type Preset, type PresetName, presets } from './presets.js';
export { type RatioLevel } from './ratio.js';
export { type GroupId, type GrpoBatch, type GrpoResult, type MaskMatrix, type Matrix } from './types.js';
