import { readDegradation, readScore } from '@q-insight/rewards';
import { pearson, spearman } from '../../evaluation/correlation.js';
import {
  degradationErrors,
  type DegradationErrors,
  type DegradationVerdict,
} from '../../evaluation/degradation-accuracy.js';
import { fitLogistic4 } from '../../evaluation/logistic-fit.js';
import type { Answer } from './answers.js';

/** As much of an answer as is judged. */
export type JudgedText = Pick<Answer, 'label' | 'text'>;

/** Ratings beside their labels, by rising rating. */
export interface ScoreScatter {
  readonly ratings: readonly number[];
  readonly labels: readonly number[];
  /** The four-parameter logistic at each rating; null when there is none. */
  readonly fitted: readonly number[] | null;
  /** Answers without a readable rating; they are nowhere else. */
  readonly unreadable: number;
  readonly plcc: number | null;
  readonly srcc: number | null;
  /** Of the curve and the labels. */
  readonly fittedPlcc: number | null;
}

/** How answers to score questions lie; undefined when there are none. */
export function scoreScatter(answers: readonly JudgedText[]): ScoreScatter | undefined {
  const asked = answers.flatMap(({ label, text }) =>
    label.task === 'score' ? [{ label, reading: readScore(text) }] : [],
  );
  if (asked.length === 0) return undefined;
  const pairs = asked
    .flatMap(({ label, reading }) => ('value' in reading ? [{ rating: reading.value, label: label.score }] : []))
    .sort((a, b) => a.rating - b.rating);
  const ratings = pairs.map(({ rating }) => rating);
  const labels = pairs.map(({ label }) => label);
  const fit = fitLogistic4(ratings, labels);
  return {
    ratings,
    labels,
    fitted: fit?.fitted ?? null,
    unreadable: asked.length - pairs.length,
    plcc: pearson(ratings, labels),
    srcc: spearman(ratings, labels),
    fittedPlcc: fit?.plcc ?? null,
  };
}

/** How answers about degradations go wrong; undefined when there are none. */
export function confusions(answers: readonly JudgedText[]): DegradationErrors | undefined {
  const verdicts = answers.flatMap(({ label, text }): DegradationVerdict[] => {
    if (label.task !== 'degradation') return [];
    const reading = readDegradation(text);
    return [{ label, ...('value' in reading && reading.value) }];
  });
  return verdicts.length === 0 ? undefined : degradationErrors(verdicts);
}
