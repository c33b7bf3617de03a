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
export {
  type RoleAdvantages,
  roleAdvantages,
  type RoleBaselines,
  type RoleOptions,
} from './advantages/role-baseline.js';
export {
  distillationAdvantages,
  selfDistillationAdvantages,
  type SelfDistillationOptions,
  type TeacherBatch,
} from './advantages/token-reweighting.js';
export { type UncertaintyOptions, uncertaintyWeights } from './advantages/uncertainty.js';
export { aggregationCounts, aggregationWeights } from './aggregation.js';
export type { AggregationCounts, AggregationOptions } from './aggregation-options.js';
export { type AggregationAlias, aggregationAliases, type AggregationMode } from './aggregation-modes.js';
export { samplerDiagnostics } from './corrections/diagnostics.js';
export { checkProvenance, type LogprobProvenance } from './corrections/provenance.js';
export {
  type CorrectionLevel,
  type CorrectionStep,
  type MaskStep,
  type NormalizeStep,
  type OffPolicyStep,
  type OutlierStep,
  type RejectStep,
  type TruncateStep,
  type TvBoundStep,
} from './corrections/steps.js';
export { type CorrectionBatch, type CorrectionWeights, correctionWeights } from './corrections/weights.js';
export {
  type AdaptiveEntropy,
  adaptiveEntropy,
  type AdaptiveEntropyOptions,
  type AdaptiveEntropyState,
  type EntropyOptions,
} from './entropy.js';
export {
  type Collection,
  collectGroups,
  type CollectOptions,
  isInformative,
  type KeepOptions,
  replaceGroups,
  type Replacement,
  type RetiredPrompts,
  retireSolved,
  type SampledGroup,
} from './filters/dynamic-sampling.js';
export { maskTruncated, type OverlongOptions, overlongPenalties, stopProperlyRewards } from './filters/overlong.js';
export { type TopEntropyMask, topEntropyMask } from './filters/top-entropy.js';
export { filterZeroVariance, type ZeroVarianceFilter, type ZeroVariancePolicy } from './filters/zero-variance.js';
export { grpoLoss } from './grpo.js';
export { adaptiveKl, type AdaptiveKlOptions, type AdaptiveKlState, cosineCoefficient } from './kl/controllers.js';
export { type KlEstimator, klEstimators, type KlTerm } from './kl/estimators.js';
export { addKlToAdvantages, type KlInAdvantageOptions } from './kl/in-advantage.js';
export { type KlOptions, type TokenKl, tokenKl } from './kl/penalty.js';
export { cispo, type CispoOptions } from './losses/cispo.js';
export { type ClippedOptions, clippedSurrogate } from './losses/clipped.js';
export { clipCov, type ClipCovOptions, klCov, type KlCovOptions } from './losses/covariance.js';
export { dppo, type DppoOptions } from './losses/dppo.js';
export { dro, type DroOptions } from './losses/dro.js';
export { fipo, type FipoOptions } from './losses/fipo.js';
export { gmpo, type GmpoOptions } from './losses/gmpo.js';
export { type Named, type PolicyLossOptions } from './losses/policy.js';
export { ratioWindow, type RatioWindowOptions } from './losses/ratio-window.js';
export { real, type RealOptions } from './losses/real.js';
export { importanceWeighted, reinforce } from './losses/reinforce.js';
export { sapo, type SapoOptions } from './losses/sapo.js';
export { CLIP, type LossTerms, type TokenBatch } from './losses/tokens.js';
export { vespo, type VespoOptions } from './losses/vespo.js';
export { combineMetrics } from './metrics.js';
export { advantageMetrics, explainLoss, type GroupOutcomes, groupOutcomes, passAtK } from './outcomes.js';
export { type Aggregation, type GrpoOptions } from './options.js';
export { type PresetName, presets } from './presets/index.js';
export { type Preset } from './presets/preset.js';
export { type RatioLevel } from './ratio.js';
export { type GroupId, type GrpoBatch, type GrpoResult, type MaskMatrix, type Matrix } from './types.js';
