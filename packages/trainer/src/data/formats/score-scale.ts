import { DataProblem } from '../files/problem.js';
import type { ScoreRow } from '../row.js';

/** A mean opinion score as its file holds it. Not read-only: a million rows are scaled where they are, not copied. */
export interface RawScore {
  readonly task: 'score';
  readonly row: number;
  readonly image: string;
  score: number;
  std?: number;
}

/** How raw scores come to [1, 5]: from the worst and the best that can be (worst may be the larger number), or that occur. */
export type Scale = 'minmax' | readonly [worst: number, best: number];

/**
 * Brings scores to the scale of the questions:
 *
 *   score = 1 + 4 (raw - worst) / (best - worst),  std = 4 std / |best - worst|
 *
 * `minmax` takes worst and best from all rows of the file, as DeQA-Score does, so that parts of one file share a scale.
 *
 * @param field - what errors call the score
 */
export function* onScale(
  file: string,
  field: string,
  rows: Iterable<RawScore | DataProblem>,
  scale: Scale,
): Generator<ScoreRow | DataProblem> {
  const [read, [worst, best]] = scale === 'minmax' ? observed(file, field, rows) : [rows, scale];
  const [low, high] = [Math.min(worst, best), Math.max(worst, best)];
  for (const raw of read) {
    if (raw instanceof DataProblem) {
      yield raw;
      continue;
    }
    if (raw.score < low || raw.score > high) {
      yield new DataProblem(file, raw.row, field, `must be from ${low} to ${high}, got ${raw.score}`);
      continue;
    }
    raw.score = 1 + (4 * (raw.score - worst)) / (best - worst);
    if (raw.std !== undefined) raw.std *= 4 / (high - low);
    yield raw;
  }
}

function observed(file: string, field: string, rows: Iterable<RawScore | DataProblem>) {
  const read = [...rows];
  let [low, high] = [Infinity, -Infinity];
  for (const raw of read) {
    if (raw instanceof DataProblem) continue;
    low = Math.min(low, raw.score);
    high = Math.max(high, raw.score);
  }
  const problem = new DataProblem(
    file,
    undefined,
    field,
    'is the same in all rows: there is no scale to bring it from',
  );
  if (low < high) return [read, [low, high]] as const;
  const bad = read.filter((raw) => raw instanceof DataProblem); // the reason, where there are any
  return [bad.length > 0 ? bad : [problem], [low, high]] as const;
}
