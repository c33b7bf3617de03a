export { readComparison, type ReadComparisonOptions, type Verdict } from './answer/comparison.js';
export {
  DISTORTION_ALIASES,
  readDegradation,
  type DegradationAnswer,
  type ReadDegradationOptions,
} from './answer/degradation.js';
export type { Field } from './answer/fields.js';
export { parseAnswer, type ParsedAnswer, type ParseOptions } from './answer/parse.js';
export type { Found, Missing, Place, Reading } from './answer/reading.js';
export { readScore, type ReadScoreOptions } from './answer/score.js';
export { findAnswer, findThink, type Which } from './answer/tags.js';
export { explain, explanationLine, type Explanation } from './explain.js';
export type { Reward } from './reward.js';
export { comparisonReward, type ComparisonRewardOptions } from './rewards/comparison.js';
export { degradationReward, type DegradationRewardOptions } from './rewards/degradation.js';
export { formatReward, type FormatRewardOptions, type Style } from './rewards/format.js';
export { qInsightRewards, type QInsightRewardsOptions } from './rewards/q-insight.js';
export { scoreReward, type ScoreRewardOptions } from './rewards/score.js';
export { thinkFormatReward } from './rewards/think-format.js';
export { runRewards, type RewardTable, type RunRewardsOptions } from './run.js';
export {
  DISTORTION_CLASSES,
  LEVELS,
  type ComparisonLabel,
  type DegradationLabel,
  type DistortionClass,
  type Label,
  type Level,
  type Sample,
  type ScoreLabel,
} from './sample.js';
