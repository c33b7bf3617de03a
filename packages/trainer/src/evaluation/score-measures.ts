import { bootstrapInterval, type BootstrapOptions, type Interval } from './bootstrap.js';
import { pearson, spearman } from './correlation.js';
import { isotonicFit } from './isotonic.js';
import { kendall } from './kendall.js';
import { fitLogistic4, fitLogistic5, type LogisticFit } from './logistic-fit.js';
import { checkPairs, mean } from './pairs.js';

/** How ratings agree with labels. Null where a measure is not defined: fewer than two images, or a constant side. */
export interface ScoreMeasures {
  /** Images. */
  readonly count: number;
  /** Pearson's correlation of the ratings as they are. */
  readonly plcc: number | null;
  /** Spearman's rank correlation. */
  readonly srcc: number | null;
  /** Kendall's tau-b. */
  readonly krcc: number | null;
  /** Root mean squared difference; means something only when ratings and labels share a scale. */
  readonly rmse: number | null;
  /** Mean absolute difference. */
  readonly mae: number | null;
  /** Four-parameter logistic, through which DeQA-Score reports its PLCC. */
  readonly logistic4: LogisticFit | null;
  /** Five-parameter logistic. */
  readonly logistic5: LogisticFit | null;
  /** Pearson's correlation after isotonic regression on the test labels (Zoom-IQA's `fit_plcc`). */
  readonly isotonicPlcc: number | null;
  /** Bootstrap intervals over images. */
  readonly intervals: Readonly<Record<'plcc' | 'srcc' | 'krcc' | 'rmse', Interval | null>>;
}

/**
 * Everything the field reports of predicted scores, side by side, since papers differ in which of it they call PLCC.
 *
 * @param ratings - one an image
 * @param labels - as many mean opinion scores
 * @throws when the lengths differ or a value is not finite.
 */
export function measureScores(
  ratings: readonly number[],
  labels: readonly number[],
  options: BootstrapOptions,
): ScoreMeasures {
  checkPairs('measureScores', ratings, labels);
  const interval = (measure: (x: readonly number[], y: readonly number[]) => number | null) =>
    bootstrapInterval(
      ratings.length,
      (indices) => measure(indices.map((i) => ratings[i]!), indices.map((i) => labels[i]!)), // prettier-ignore
      options,
    );
  return {
    count: ratings.length,
    plcc: pearson(ratings, labels),
    srcc: spearman(ratings, labels),
    krcc: kendall(ratings, labels),
    rmse: rootMeanSquare(ratings, labels),
    mae: ratings.length === 0 ? null : mean(ratings.map((rating, i) => Math.abs(rating - labels[i]!))),
    logistic4: fitLogistic4(ratings, labels),
    logistic5: fitLogistic5(ratings, labels),
    isotonicPlcc: pearson(isotonicFit(ratings, labels), labels),
    intervals: {
      plcc: interval(pearson),
      srcc: interval(spearman),
      krcc: interval(kendall),
      rmse: interval(rootMeanSquare),
    },
  };
}

/** Null for no pairs. */
function rootMeanSquare(x: readonly number[], y: readonly number[]): number | null {
  return x.length === 0 ? null : Math.sqrt(mean(x.map((value, i) => (value - y[i]!) ** 2)));
}
