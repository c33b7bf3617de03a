import { DISTORTION_CLASSES, LEVELS } from '@q-insight/rewards';
import { quantile } from '../../evaluation/bootstrap.js';
import { mean } from '../../evaluation/pairs.js';
import type { LabelRow } from '../row.js';

/** How scores are spread. */
export interface ScoreStatistics {
  readonly count: number;
  readonly mean: number;
  /** With n in the denominator. */
  readonly deviation: number;
  /** Least, lower quartile, median, upper quartile, largest. */
  readonly quartiles: readonly [number, number, number, number, number];
  /** Counts in equal bins from 1 to 5; the last holds 5 itself. */
  readonly bins: readonly number[];
}

/** How the labels of a set are distributed; a part is absent where no row has it. */
export interface LabelStatistics {
  readonly score?: ScoreStatistics;
  /** By class and level. */
  readonly degradation?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By verdict. */
  readonly comparison?: Readonly<Record<string, number>>;
}

const BINS = 16;

/** Counts labels. */
export function labelStatistics(rows: readonly LabelRow[]): LabelStatistics {
  const scores = rows.flatMap((row) => (row.task === 'score' ? [row.score] : []));
  const degradation: Record<string, Record<string, number>> = {};
  const comparison: Record<string, number> = {};
  for (const row of rows) {
    if (row.task === 'comparison') comparison[row.better] = (comparison[row.better] ?? 0) + 1;
    if (row.task !== 'degradation') continue;
    const levels = (degradation[row.distortionClass] ??= {});
    levels[row.level] = (levels[row.level] ?? 0) + 1;
  }
  return {
    ...(scores.length > 0 && { score: scoreStatistics(scores) }),
    ...(Object.keys(degradation).length > 0 && { degradation: inOrder(degradation) }),
    ...(Object.keys(comparison).length > 0 && { comparison }),
  };
}

function scoreStatistics(scores: readonly number[]): ScoreStatistics {
  const sorted = [...scores].sort((a, b) => a - b);
  const middle = mean(scores);
  const bins = Array<number>(BINS).fill(0);
  for (const score of scores) bins[Math.min(BINS - 1, Math.floor(((score - 1) / 4) * BINS))]! += 1;
  return {
    count: scores.length,
    mean: middle,
    deviation: Math.sqrt(mean(scores.map((score) => (score - middle) ** 2))),
    quartiles: [0, 0.25, 0.5, 0.75, 1].map((share) => quantile(sorted, share)) as [number, number, number, number, number], // prettier-ignore
    bins,
  };
}

function inOrder(counts: Record<string, Record<string, number>>) {
  const levels = [...LEVELS, 'null'];
  return Object.fromEntries(
    DISTORTION_CLASSES.filter((name) => counts[name] !== undefined).map((name) => [
      name,
      Object.fromEntries(levels.filter((level) => counts[name]![level] !== undefined).map((level) => [level, counts[name]![level]!])), // prettier-ignore
    ]),
  );
}
