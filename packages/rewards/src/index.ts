/**
 * Rewards for image-quality reasoning: read an answer, reward it, say why.
 *
 * @module
 */
export { readComparison, type ReadComparisonOptions, type Verdict } from './answer/comparison.js';
export {
  DISTORTION_ALIASES,
  readDegradation,
  type DegradationAnswer,
  type ReadDegradationOptions,
} from './answer/degradation.js';
export type { Field } from './answer/fields.js';
export { readMath } from './answer/math.js';
export { readNumbers } from './answer/numbers.js';
export { parseAnswer, type ParsedAnswer, type ParseOptions } from './answer/parse.js';
export type { Found, Missing, Place, Reading } from './answer/reading.js';
export { readScore, type ReadScoreOptions } from './answer/score.js';
export { findAnswer, findThink, type Which } from './answer/tags.js';
export { isBatchReward, type AnyReward, type BatchReward, type Scores, type ScoreStream } from './batch-reward.js';
export { rewardAdvantages, type RewardAdvantageOptions } from './combine/advantages.js';
export { clip } from './combine/clip.js';
export { gate, type GateOptions } from './combine/gate.js';
export { onlyIf } from './combine/only-if.js';
export { rescale } from './combine/rescale.js';
export { explain, explanationLine, type Explanation } from './explain/explain.js';
export { mark, type MarkOptions } from './explain/mark.js';
export { causeLine, summarize, type Cause } from './explain/summary.js';
export { rewardPresets, type RewardPreset, type RewardPresetName } from './presets.js';
export type { Reward, RewardContext } from './reward.js';
export type { AttributeOptions } from './rewards/attribute-groups.js';
export { attributeSpreadReward, type AttributeSpreadRewardOptions } from './rewards/attribute-spread.js';
export { comparisonReward, type ComparisonRewardOptions } from './rewards/comparison.js';
export { concordanceReward, type ConcordanceRewardOptions } from './rewards/concordance.js';
export { cosineLengthReward, type CosineLengthRewardOptions } from './rewards/cosine-length.js';
export { degradationReward, type DegradationRewardOptions } from './rewards/degradation.js';
export { exactReward, type ExactRewardOptions } from './rewards/exact.js';
export { fidelityReward, type FidelityRewardOptions } from './rewards/fidelity.js';
export { formatReward, type FormatRewardOptions, type Style } from './rewards/format.js';
export { gaussianReward, type GaussianRewardOptions } from './rewards/gaussian.js';
export { intraGroupReward, type IntraGroupRewardOptions } from './rewards/intra-group.js';
export { jsonSchemaReward, type JsonSchemaRewardOptions } from './rewards/json-schema.js';
export { judgeReward, type JudgeRewardOptions } from './rewards/judge.js';
export { languageReward, type LanguageRewardOptions } from './rewards/language.js';
export { laplaceReward, type LaplaceRewardOptions } from './rewards/laplace.js';
export { lengthWindowReward, type LengthWindowRewardOptions } from './rewards/length-window.js';
export { marginReward, type MarginRewardOptions } from './rewards/margin.js';
export { matchedPairReward } from './rewards/matched-pair.js';
export { mathAccuracyReward, type MathAccuracyRewardOptions } from './rewards/math-accuracy.js';
export { numericReward, type NumericRewardOptions } from './rewards/numeric.js';
export { ordinalLevelReward, type OrdinalLevelRewardOptions } from './rewards/ordinal-level.js';
export {
  probabilityDifferenceReward,
  type ProbabilityDifferenceRewardOptions,
} from './rewards/probability-difference.js';
export { qInsightRewards, type QInsightRewardsOptions } from './rewards/q-insight.js';
export { rankPlusAbsoluteReward, type RankPlusAbsoluteRewardOptions } from './rewards/rank-plus-absolute.js';
export { regionReward, type Box, type RegionRewardOptions } from './rewards/region.js';
export { relativeErrorReward, type RelativeErrorRewardOptions } from './rewards/relative-error.js';
export { repetitionReward, type RepetitionRewardOptions } from './rewards/repetition.js';
export type { JsonSchema, JsonType } from './rewards/schema-problem.js';
export { scoreReward, type ScoreRewardOptions } from './rewards/score.js';
export { selfVoteReward, type SelfVoteRewardOptions, type Vote } from './rewards/self-vote.js';
export { softOverlongReward, type SoftOverlongRewardOptions } from './rewards/soft-overlong.js';
export { tagCountReward, type TagCountRewardOptions } from './rewards/tag-count.js';
export { temporalReward, type TemporalRewardOptions } from './rewards/temporal.js';
export { thinkAnswerFormatReward } from './rewards/think-answer-format.js';
export { thinkFormatReward } from './rewards/think-format.js';
export { toolUseReward, type ToolUseRewardOptions } from './rewards/tool-use.js';
export { tripletReward } from './rewards/triplet.js';
export { memoryCache } from './runner/memory-cache.js';
export type { ErrorPolicy, RewardCache, RunRewardsOptions } from './runner/options.js';
export { runRewards } from './runner/run.js';
export type { RewardIssue, RewardMetrics, RewardReport, RewardTable } from './runner/table.js';
export {
  DISTORTION_CLASSES,
  LEVELS,
  type ComparisonLabel,
  type DegradationLabel,
  type DistortionClass,
  type Label,
  type Level,
  type NoLabel,
  type PromptPart,
  type Sample,
  type ScoreLabel,
} from './sample.js';
