/**
 * Qwen2.5-VL on TensorFlow.js, trained with GRPO to judge image quality.
 *
 * @module
 */
export { type BackendName, chooseBackend } from './backends/choose-backend.js';
export {
  type Checkpoint,
  finalCheckpoint,
  latestCheckpoint,
  listCheckpoints,
  saveCheckpoint,
  saveModel,
  type TrainerState,
} from './checkpoints.js';
export { loadSettings } from './config/load.js';
export { type Override, parseOverride } from './config/override.js';
export { newestRun, readRunSettings, settingsHash, writeRunSettings } from './config/run-folder.js';
export { type DataSource, type Recipe, type Settings, settingsSchema } from './config/schema.js';
export type { Fingerprints } from './data/fingerprints.js';
export { DataProblem } from './data/files/problem.js';
export { labelledDataset, type LabelledOptions } from './data/labelled.js';
export { inMemory } from './data/memory.js';
export { readSplit } from './data/photos.js';
export type { Dataset, ImagePart, Message, Prompt, RgbImage, TextPart } from './data/prompt.js';
export { proxyScore } from './data/proxy-score.js';
export { syntheticDegradations, type SyntheticOptions } from './data/synthetic.js';
export {
  type AskingOptions,
  type ComparedImages,
  comparisonMessages,
  type PromptStyle,
  SINGLE_IMAGE_TASKS,
  type SingleImageTask,
  taskMessages,
} from './data/tasks.js';
export { jointDataset, type Mix } from './data/joint.js';
export { agreement, type Agreement } from './evaluation/agreement.js';
export { bootstrapInterval, type BootstrapOptions, type Interval } from './evaluation/bootstrap.js';
export {
  comparisonAccuracy,
  type ComparisonAccuracy,
  type ComparisonVerdict,
  type Enhancer,
} from './evaluation/comparison-accuracy.js';
export { pearson, spearman } from './evaluation/correlation.js';
export {
  type Accuracy,
  degradationAccuracy,
  type DegradationAccuracy,
  degradationErrors,
  type DegradationErrors,
  type DegradationVerdict,
} from './evaluation/degradation-accuracy.js';
export { evaluate, type EvaluateOptions } from './evaluation/evaluate.js';
export type { AnsweredPrompt } from './evaluation/answers-file.js';
export { askAll, type AskOptions } from './evaluation/ask.js';
export { isotonicFit } from './evaluation/isotonic.js';
export { kendall } from './evaluation/kendall.js';
export { fitLogistic4, fitLogistic5, type LogisticFit } from './evaluation/logistic-fit.js';
export { measureAnswers, type MeasureOptions, type SetMeasures } from './evaluation/measure-answers.js';
export {
  combineRatings,
  type CombinedRatings,
  type CombineRatings,
  type ImageRatings,
  type RatingOptions,
  type UnreadablePolicy,
} from './evaluation/ratings.js';
export { type EvaluatedAnswer, type EvaluationReport, type ScoreFigures } from './evaluation/report.js';
export { measureScores, type ScoreMeasures } from './evaluation/score-measures.js';
export type { CellValue, Column, Row, Table } from './evaluation/tables/table.js';
export { writeTables } from './evaluation/tables/write-tables.js';
export { decodeImage } from './images/decode.js';
export { degrade, type DegradeOptions, type Ladder, LADDERS } from './images/degradations/degrade.js';
export { type DegradationName, DQ495K_LADDER, FULL_LADDER, LITE_LADDER } from './images/degradations/dq495k.js';
export { KADID10K_LADDER } from './images/degradations/kadid10k.js';
export type { KadidName } from './images/degradations/kadid/parameters.js';
export type { Severity } from './images/degradations/samples.js';
export { train, type TrainingResult } from './loop.js';
export type { TrainingRun } from './training/training-run.js';
export type {
  Completion,
  ForwardOptions,
  LogprobOptions,
  LossResult,
  Matrix,
  NamedLoss,
  NativeInputs,
  OptimizerOptions,
  Policy,
  SamplingOptions,
  Sequence,
} from './policies/policy.js';
export { PolicyLost } from './policies/policy-lost.js';
export { sampleElsewhere, type SampledPolicyOptions } from './policies/samplers/sampled-policy.js';
export type { Probe, Sampler } from './policies/samplers/sampler.js';
export { createVllmSampler, type VllmSamplerOptions } from './policies/samplers/vllm.js';
export { createTfjsPolicy, type TfjsPolicyOptions } from './policies/tfjs/index.js';
export { createTinkerPolicy, type TinkerPolicy, type TinkerPolicyOptions } from './policies/tinker/index.js';
export { type ModelServer, serveModel, type ServeModelOptions } from './serve-model/index.js';
export type { AlarmChange } from './tracking/alarms/spells.js';
export { alarmTracker, readAlarms } from './tracking/alarms/tracker.js';
export { consoleTracker, type ConsoleOptions } from './tracking/console.js';
export type { Outcome, Rollout, RunEvent, StepMetrics, Tracker } from './tracking/events.js';
export { jsonlTracker, readMetrics } from './tracking/jsonl.js';
export { mlflowTracker, type MlflowOptions } from './tracking/mlflow/tracker.js';
export { writeReport } from './tracking/report/write-report.js';
export { tensorboardTracker, type TensorboardOptions } from './tracking/tensorboard/tracker.js';
export { wandbTracker, type WandbOptions } from './tracking/wandb/tracker.js';
export { openDataset } from './training/dataset.js';
export { type RecoveryOptions, withRecovery } from './training/recovery.js';
export { rewardsOf } from './training/rewards.js';
