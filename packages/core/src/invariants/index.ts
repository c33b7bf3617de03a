/**
 * Laws of advantage estimators and losses, and arbitraries to try them on, for fast-check: apply them to your own.
 *
 * @module
 */
export {
  type AdvantageEstimator,
  lawConstantGroupsAreZero,
  lawGroupsIndependent,
  type LawOptions,
  lawPermutationEquivariant,
  lawScaleInvariant,
  lawShiftInvariant,
  lawZeroSum,
} from './advantage-laws.js';
export {
  arbitraryBatch,
  arbitraryRewardGroups,
  type BatchOptions,
  type FullBatch,
  type RewardGroupOptions,
  type RewardGroups,
} from './arbitraries.js';
export {
  type BatchLoss,
  lawFinite,
  lawGradientMatchesValue,
  lawMaskImmune,
  lawRowOrder,
  type LossLawOptions,
} from './loss-laws.js';
export { lawPartition, type PartitionOptions } from './partition-law.js';
