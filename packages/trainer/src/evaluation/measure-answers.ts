import { readComparison, readDegradation, readScore } from '@q-insight/rewards';
import type { AnsweredPrompt } from './answers-file.js';
import type { BootstrapOptions } from './bootstrap.js';
import { comparisonAccuracy, type ComparisonAccuracy } from './comparison-accuracy.js';
import {
  degradationAccuracy,
  degradationErrors,
  type DegradationAccuracy,
  type DegradationErrors,
} from './degradation-accuracy.js';
import { combineRatings, type CombinedRatings, type RatingOptions } from './ratings.js';
import { measureScores, type ScoreMeasures } from './score-measures.js';

/** Options of {@link measureAnswers}. */
export interface MeasureOptions extends RatingOptions, BootstrapOptions {
  /** Also decides stand-ins under the policy `random`. */
  readonly seed: string;
}

/** What a set of answers shows; a part is absent where no prompt asked for it. */
export interface SetMeasures {
  readonly set: string;
  readonly prompts: number;
  readonly answers: number;
  /** Answers cut off at the longest length. */
  readonly cutOff: number;
  readonly score?: ScoreMeasures & Omit<CombinedRatings, 'ratings' | 'labels'>;
  readonly degradation?: DegradationAccuracy & DegradationErrors & { readonly count: number };
  readonly comparison?: ComparisonAccuracy;
}

/** Reads and measures the answers of one test set. */
export function measureAnswers(set: string, rows: readonly AnsweredPrompt[], options: MeasureOptions): SetMeasures {
  const answers = rows.flatMap((row) => row.answers);
  const score = scoreMeasures(rows, options);
  const degradation = degradationMeasures(rows);
  const comparison = comparisonMeasures(rows);
  return {
    set,
    prompts: rows.length,
    answers: answers.length,
    cutOff: answers.filter(({ finishReason }) => finishReason === 'length').length,
    ...(score !== undefined && { score }),
    ...(degradation !== undefined && { degradation }),
    ...(comparison !== undefined && { comparison }),
  };
}

function scoreMeasures(rows: readonly AnsweredPrompt[], options: MeasureOptions): SetMeasures['score'] {
  const images = rows.flatMap(({ prompt, label, answers }) => {
    if (label.task !== 'score') return [];
    const ratings = answers.map(({ text }) => {
      const reading = readScore(text);
      return 'value' in reading ? reading.value : null;
    });
    return [{ image: prompt, label: label.score, ratings }];
  });
  if (images.length === 0) return undefined;
  const { ratings, labels, ...counts } = combineRatings(images, options);
  return { ...measureScores(ratings, labels, options), ...counts };
}

function degradationMeasures(rows: readonly AnsweredPrompt[]): SetMeasures['degradation'] {
  const verdicts = rows.flatMap(({ label, answers }) => {
    if (label.task !== 'degradation') return [];
    return answers.map(({ text }) => {
      const reading = readDegradation(text);
      return { label, ...('value' in reading && reading.value) };
    });
  });
  if (verdicts.length === 0) return undefined;
  return { count: verdicts.length, ...degradationAccuracy(verdicts), ...degradationErrors(verdicts) };
}

function comparisonMeasures(rows: readonly AnsweredPrompt[]): SetMeasures['comparison'] {
  const verdicts = rows.flatMap(({ prompt, label, answers, metadata }) => {
    if (label.task !== 'comparison') return [];
    return answers.map(({ text }) => {
      const reading = readComparison(text);
      return { pair: prompt, label: label.better, ...metadata, ...('value' in reading && { answer: reading.value }) };
    });
  });
  return verdicts.length === 0 ? undefined : comparisonAccuracy(verdicts);
}
