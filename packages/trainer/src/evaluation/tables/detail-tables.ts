import { DISTORTION_CLASSES, LEVELS } from '@q-insight/rewards';
import type { Interval } from '../bootstrap.js';
import type { LogisticFit } from '../logistic-fit.js';
import type { SetMeasures } from '../measure-answers.js';
import { cellText, type Table } from './table.js';

const withInterval = (value: number | null, interval: Interval | null) =>
  interval === null ? value : `${cellText(value, 3)} [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`;

const fitted = (fit: LogisticFit | null) =>
  fit === null || fit.converged ? (fit?.plcc ?? null) : `${cellText(fit.plcc, 3)}†`;

/** Every measure of the scores of each set, with its interval. */
export function scoreDetails(sets: readonly SetMeasures[], level: number): Table | undefined {
  const own = sets.flatMap(({ set, score }) => (score === undefined ? [] : [{ set, score }]));
  if (own.length === 0) return undefined;
  const whole = ['images', 'answers', 'unreadable', 'left out'];
  const measures = ['PLCC', 'SRCC', 'KRCC', 'RMSE', 'MAE', 'PLCC 4PL', 'PLCC 5PL', 'PLCC isotonic', 'RMSE 4PL', 'within image']; // prettier-ignore
  return {
    id: 'score-measures',
    title: 'Scores, every measure',
    corner: 'set',
    measures: [''],
    columns: [...whole.map((name) => ({ name, digits: 0 })), ...measures.map((name) => ({ name }))],
    rows: own.map(({ set, score }) => ({
      name: set,
      own: true,
      cells: [
        score.count,
        score.answers,
        score.unreadable,
        score.leftOut.length,
        withInterval(score.plcc, score.intervals.plcc),
        withInterval(score.srcc, score.intervals.srcc),
        withInterval(score.krcc, score.intervals.krcc),
        withInterval(score.rmse, score.intervals.rmse),
        score.mae,
        fitted(score.logistic4),
        fitted(score.logistic5),
        score.isotonicPlcc,
        score.logistic4?.rmse ?? null,
        score.withinImage,
      ].map((value) => [value]),
    })),
    digits: 3,
    notes: [
      `In brackets: ${(level * 100).toFixed(0)} % bootstrap interval over images. KRCC: tau-b. 4PL, 5PL: after a logistic fit with four or five parameters; DeQA-Score reports 4PL, IQA-PyTorch and Q-Align the ratings as they are, Zoom-IQA isotonic.`,
      'Left out: images without a readable rating, under the policy drop. Within image: mean standard deviation of the answers about one image. † the search for the fit gave up; the value is where it stood.',
    ],
  };
}

/** How degradation answers go wrong on each set: kappas and distances. */
export function degradationDetails(sets: readonly SetMeasures[]): Table | undefined {
  const own = sets.flatMap(({ set, degradation }) => (degradation === undefined ? [] : [{ set, degradation }]));
  if (own.length === 0) return undefined;
  const whole = ['answers', 'unreadable', 'levels'];
  const measures = ['class micro', 'class macro', 'level micro', 'level macro', 'class κ', 'level quadratic κ', 'level MAE']; // prettier-ignore
  return {
    id: 'degradation-measures',
    title: 'Degradations, every measure',
    corner: 'set',
    measures: [''],
    columns: [...whole.map((name) => ({ name, digits: 0 })), ...measures.map((name) => ({ name }))],
    rows: own.map(({ set, degradation: { count, unreadableClasses, micro, macro, classes, levels } }) => ({
      name: set,
      own: true,
      cells: [
        count,
        unreadableClasses,
        levels.count,
        micro.class,
        macro.class,
        micro.level,
        macro.level,
        classes.kappa,
        levels.quadraticKappa,
        levels.ordinalError,
      ].map((value) => [value]),
    })),
    digits: 4,
    notes: [
      'Micro: over answers; macro: unweighted over classes. Levels: answers with the right class and a level, over which level κ and MAE (mean distance in levels) are taken.',
    ],
  };
}

/** Confusion matrices of a set: rows are the truth. */
export function confusionTables({ set, degradation }: SetMeasures): Table[] {
  if (degradation === undefined) return [];
  const { classes, levels, byClass } = degradation;
  const matrix = (
    id: string,
    title: string,
    names: readonly string[],
    counts: readonly (readonly number[])[],
    notes: string[],
  ) => ({
    // prettier-ignore
    id: `${id}-${set.replaceAll(/[^\w-]+/g, '_')}`,
    title: `${title}, ${set}`,
    corner: 'truth',
    measures: [''],
    columns: names.map((name) => ({ name })),
    rows: counts.map((row, i) => ({ name: names[i]!, own: true, cells: row.map((count) => [count]) })),
    digits: 0,
    notes,
  });
  const named = [...DISTORTION_CLASSES, 'unreadable'];
  const withUnreadable = classes.confusion.map((row, i) => {
    const count = byClass[DISTORTION_CLASSES[i]!]?.count ?? 0;
    return [...row, count - row.reduce((sum, value) => sum + value, 0)];
  });
  return [
    matrix('confusion-classes', 'Classes', named, withUnreadable, []),
    matrix('confusion-levels', 'Levels', LEVELS, levels.confusion, [
      'Of the answers with the right class and a level.',
    ]),
  ];
}
