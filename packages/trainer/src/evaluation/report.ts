import { readComparison, readDegradation, readScore, type Label } from '@q-insight/rewards';
import { pearson, spearman } from './correlation.js';
import { meanOrNull } from './pairs.js';
import { degradationAccuracy, type DegradationAccuracy, type DegradationVerdict } from './degradation-accuracy.js';

/** One answer with its rewards. */
export interface EvaluatedAnswer {
  /** The prompt's id. */
  readonly prompt: string;
  readonly label: Label;
  readonly text: string;
  readonly finishReason: 'stop' | 'length';
  /** Length in tokens. */
  readonly tokens: number;
  /** By reward name; null where a reward does not apply. */
  readonly rewards: Readonly<Record<string, number | null>>;
  /** Weighted sum; null when no reward applies. */
  readonly total: number | null;
}

/** How the ratings of score questions agree with their labels. */
export interface ScoreFigures {
  /** Answers to score questions. */
  readonly count: number;
  /** Answers without a readable rating; they are left out of the correlations, and count as wrong in the rewards. */
  readonly unreadable: number;
  /** Raw, without a fitted curve. */
  readonly plcc: number | null;
  /** Equal ratings share their mean rank. */
  readonly srcc: number | null;
  /** Mean absolute difference of rating and label. */
  readonly meanError: number | null;
}

/** What {@link evaluate} measures. Null where there was nothing to measure. */
export interface EvaluationReport {
  readonly count: number;
  /** Mean total reward. */
  readonly reward: number | null;
  /** Mean of each reward over the answers it applies to. */
  readonly rewards: Readonly<Record<string, number | null>>;
  /** Mean of the reward named 'format'. */
  readonly formatRate: number | null;
  /** Mean length in tokens. */
  readonly meanTokens: number | null;
  readonly score: ScoreFigures;
  readonly degradation: DegradationAccuracy & { readonly count: number; readonly unreadable: number };
  readonly comparison: { readonly count: number; readonly unreadable: number; readonly accuracy: number | null };
  readonly answers: readonly EvaluatedAnswer[];
}

/**
 * Measures answers. What cannot be read counts as wrong everywhere but in the correlations, which need a number: there
 * it is left out, and `unreadable` says how often. Compare correlations only where `unreadable` is small on both sides.
 */
export function reportOn(answers: readonly EvaluatedAnswer[]): EvaluationReport {
  const names = [...new Set(answers.flatMap(({ rewards }) => Object.keys(rewards)))];
  const rewards = Object.fromEntries(
    names.map((name) => [name, meanOrNull(answers.map((answer) => answer.rewards[name] ?? null))]),
  );
  return {
    count: answers.length,
    reward: meanOrNull(answers.map(({ total }) => total)),
    rewards,
    formatRate: rewards['format'] ?? null,
    meanTokens: meanOrNull(answers.map(({ tokens }) => tokens)),
    score: scoreFigures(answers),
    degradation: degradationFigures(answers),
    comparison: comparisonFigures(answers),
    answers,
  };
}

function scoreFigures(answers: readonly EvaluatedAnswer[]): ScoreFigures {
  const labels: number[] = [];
  const ratings: number[] = [];
  let count = 0;
  for (const { label, text } of answers) {
    if (label.task !== 'score') continue;
    count += 1;
    const reading = readScore(text);
    if (!('value' in reading)) continue;
    labels.push(label.score);
    ratings.push(reading.value);
  }
  return {
    count,
    unreadable: count - ratings.length,
    plcc: pearson(ratings, labels),
    srcc: spearman(ratings, labels),
    meanError: meanOrNull(ratings.map((rating, i) => Math.abs(rating - labels[i]!))),
  };
}

function degradationFigures(answers: readonly EvaluatedAnswer[]): EvaluationReport['degradation'] {
  const verdicts: DegradationVerdict[] = [];
  let unreadable = 0;
  for (const { label, text } of answers) {
    if (label.task !== 'degradation') continue;
    const reading = readDegradation(text);
    if (!('value' in reading)) unreadable += 1;
    const answer = 'value' in reading ? reading.value : {};
    verdicts.push({ label, ...answer });
  }
  return { count: verdicts.length, unreadable, ...degradationAccuracy(verdicts) };
}

function comparisonFigures(answers: readonly EvaluatedAnswer[]): EvaluationReport['comparison'] {
  let count = 0;
  let unreadable = 0;
  let right = 0;
  for (const { label, text } of answers) {
    if (label.task !== 'comparison') continue;
    count += 1;
    const reading = readComparison(text);
    if (!('value' in reading)) unreadable += 1;
    else if (reading.value === label.better) right += 1;
  }
  return { count, unreadable, accuracy: count === 0 ? null : right / count };
}
