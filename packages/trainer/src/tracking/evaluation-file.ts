import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Explanation, Label } from '@q-insight/rewards';
import type { EvaluationReport } from '../evaluation/report.js';
import { readJsonSync } from '../models/files.js';

/** How well one set of answers does; null where there was nothing to measure. */
export interface Figures {
  /** Mean of the summed rewards. */
  readonly reward: number | null;
  /** Share of answers in the asked-for layout. */
  readonly formatRate: number | null;
  /** Mean of the score reward: share of ratings close enough to the label. */
  readonly scoreReward: number | null;
  /** Share of answers to score questions that hold a rating; the others are no part of the correlations. */
  readonly readableRatings: number | null;
  /** Rank correlation of ratings and labels. */
  readonly srcc: number | null;
  /** Linear correlation of ratings and labels. */
  readonly plcc: number | null;
  /** Share of answers that name the right distortion class. */
  readonly classAccuracy: number | null;
  /** Share of answers that name the right class and level, of those whose label has a level. */
  readonly levelAccuracy: number | null;
}

/** What trackers put before the name of an evaluation's figure, so that it is told from a step's. */
export const EVALUATION_PREFIX = 'evaluation/';

/** The figures that were measured, by the names trackers show them under. */
export const trackedFigures = (figures: object): Record<string, number> =>
  Object.fromEntries(
    Object.entries(figures).flatMap(([name, value]) =>
      typeof value === 'number' ? [[`${EVALUATION_PREFIX}${name}`, value]] : [],
    ),
  );

/** Figures of a checkpoint, for answers drawn as in training and for its likeliest answers. */
export interface CheckpointFigures {
  readonly sampled: Figures;
  readonly greedy: Figures;
}

/** Everything that was measured, without the answers themselves. */
export interface CheckpointDetails {
  readonly sampled: Omit<EvaluationReport, 'answers'>;
  readonly greedy: Omit<EvaluationReport, 'answers'>;
}

/** An answer with the reasons for its rewards. */
export interface JudgedAnswer {
  readonly text: string;
  readonly explanations: readonly Explanation[];
}

/** A held-out photograph with the answers before and after training. */
export interface Example {
  readonly prompt: string;
  /** What the picture is called. */
  readonly image: string;
  /** The picture's file, relative to the run folder. */
  readonly picture: string;
  readonly label: Label;
  readonly before: JudgedAnswer;
  readonly after: JudgedAnswer;
}

/** What evaluation.json holds. */
export interface EvaluationFile {
  readonly version: 1;
  /** Step of the trained checkpoint. */
  readonly step: number;
  /** Held-out prompts. */
  readonly prompts: number;
  /** Sampled answers per prompt. */
  readonly samples: number;
  readonly before: CheckpointFigures;
  readonly after: CheckpointFigures;
  readonly examples: readonly Example[];
  /** Whether scores are compared with numbers computed from the pictures instead of human opinions. */
  readonly proxyScores?: boolean;
  /** Accuracy by class, error of the ratings, and whatever else was measured. */
  readonly details: { readonly before: CheckpointDetails; readonly after: CheckpointDetails };
}

/** Name of the evaluation in a run folder. */
export const EVALUATION_FILE = 'evaluation.json';

/** The rows of the before/after table, in order. */
export const FIGURE_ROWS: readonly (readonly [key: keyof Figures, name: string])[] = [
  ['reward', 'mean total reward (of 2)'],
  ['formatRate', 'format rate'],
  ['scoreReward', 'score reward'],
  ['readableRatings', 'share of readable ratings'],
  ['srcc', 'SRCC of the score'],
  ['plcc', 'PLCC of the score'],
  ['classAccuracy', 'degradation class accuracy'],
  ['levelAccuracy', 'degradation level accuracy'],
];

/** What is said of a table whose scores are compared with a proxy. */
export const PROXY_NOTE = 'score labels of degraded photographs are a proxy, not human opinions';

/** A figure as tables show it. */
export const figureText = (value: number | null): string => (value === null ? '-' : value.toFixed(3));

/** A figure's change as tables show it, and its direction; '-' where one of the two was not measured. */
export function changeOf(before: number | null, after: number | null): { sign: -1 | 0 | 1; text: string } {
  if (before === null || after === null) return { sign: 0, text: '-' };
  const change = after - before;
  return { sign: Math.sign(change) as -1 | 0 | 1, text: `${change < 0 ? '' : '+'}${change.toFixed(3)}` };
}

/**
 * The evaluation of a run, if it was made.
 *
 * @throws Error naming the file, when it is damaged or of another version
 */
export function readEvaluation(run: string): EvaluationFile | undefined {
  const file = join(run, EVALUATION_FILE);
  if (!existsSync(file)) return undefined;
  const evaluation = readJsonSync(file) as Partial<EvaluationFile> | null;
  if (evaluation?.version === 1) return evaluation as EvaluationFile;
  throw new Error(`${file}: no evaluation of layout 1; make it anew with: q-insight evaluate ${run}`);
}
