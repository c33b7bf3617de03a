import { explain } from '@q-insight/rewards';
import type { Settings } from '../config/schema.js';
import type { Dataset } from '../data/prompt.js';
import { evaluate } from '../evaluation/evaluate.js';
import type { EvaluationReport } from '../evaluation/report.js';
import type { Policy } from '../policies/policy.js';
import type { CheckpointDetails, CheckpointFigures, Figures, JudgedAnswer } from '../tracking/evaluation-file.js';
import { writeHeldOutAnswers } from '../tracking/held-out-answers.js';
import { rewardsOf } from '../training/rewards.js';

/** What a model scored on the held-out prompts. */
export interface Judged {
  readonly figures: CheckpointFigures;
  readonly details: CheckpointDetails;
  /** The likeliest answer to each of the first prompts, in order. */
  readonly answers: readonly JudgedAnswer[];
}

function figuresOf({ reward, rewards, formatRate, score, degradation }: EvaluationReport): Figures {
  return {
    reward,
    formatRate,
    scoreReward: rewards['score'] ?? null,
    readableRatings: score.count === 0 ? null : 1 - score.unreadable / score.count,
    srcc: score.srcc,
    plcc: score.plcc,
    classAccuracy: degradation.micro.class,
    levelAccuracy: degradation.micro.level,
  };
}

// The seed is the same for every run and checkpoint: all answer the same questions under the same dice.
const SEED = 'evaluate';

/** A run folder, and the step that its policy has done. */
export interface RunStep {
  readonly run: string;
  readonly step: number;
}

/** Figures of a policy's likeliest answers to the held-out prompts; the answers are kept in the run folder. */
export async function greedyFigures(
  policy: Policy,
  dataset: Dataset,
  settings: Settings,
  { run, step }: RunStep,
): Promise<Figures> {
  const { rewards, weights } = rewardsOf(settings.rewards);
  const { batch } = settings.evaluate;
  const options = { weights, batch, maxTokens: settings.grpo.maxTokens, seed: SEED, temperature: 0 };
  const report = await evaluate(policy, dataset, rewards, options);
  writeHeldOutAnswers(run, step, report.answers);
  return figuresOf(report);
}

/**
 * Asks a policy the held-out prompts twice: sampled as in training, and greedily. The greedy answers are kept in the run folder.
 *
 * @param shown - answers that are returned with the reasons for their rewards
 * @param onProgress - told how many of all answers are in
 */
export async function judgePolicy(
  policy: Policy,
  dataset: Dataset,
  settings: Settings,
  { run, step }: RunStep,
  shown: number,
  onProgress: (done: number, total: number) => void,
): Promise<Judged> {
  const { rewards, weights } = rewardsOf(settings.rewards);
  const { samples, batch } = settings.evaluate;
  const total = dataset.length * (samples + 1);
  const shared = { weights, batch, maxTokens: settings.grpo.maxTokens, seed: SEED };
  const sampled = await evaluate(policy, dataset, rewards, {
    ...shared,
    temperature: 1,
    samples,
    onProgress: (done) => onProgress(done * samples, total),
  });
  const greedy = await evaluate(policy, dataset, rewards, {
    ...shared,
    temperature: 0,
    onProgress: (done) => onProgress(dataset.length * samples + done, total),
  });
  writeHeldOutAnswers(run, step, greedy.answers);
  const answers = await Promise.all(
    greedy.answers.slice(0, shown).map(async ({ prompt, text, label }) => {
      const sample = { id: prompt, group: prompt, completion: text, label };
      return { text, explanations: await explain(sample, rewards) };
    }),
  );
  return {
    figures: { sampled: figuresOf(sampled), greedy: figuresOf(greedy) },
    details: { sampled: withoutAnswers(sampled), greedy: withoutAnswers(greedy) },
    answers,
  };
}

function withoutAnswers(report: EvaluationReport): Omit<EvaluationReport, 'answers'> {
  const { count, reward, rewards, formatRate, meanTokens, score, degradation, comparison } = report;
  return { count, reward, rewards, formatRate, meanTokens, score, degradation, comparison };
}
