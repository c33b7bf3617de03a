import { DataProblem } from '../files/problem.js';
import type { ScoreRow } from '../row.js';

/** A mean opinion score as its file holds it. */
export interface RawScore {
  readonly row: number;
  readonly image: string;
  readonly score: number;
  readonly std?: number;
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
    const { row, image, score, std } = raw;
    if (score < low || score > high) {
      yield new DataProblem(file, row, field, `must be from ${low} to ${high}, got ${score}`);
      continue;
    }
    const scaled = 1 + (4 * (score - worst)) / (best - worst);
    const spread = std === undefined ? undefined : (4 * std) / (high - low);
    yield { task: 'score', row, image, score: scaled, ...(spread !== undefined && { std: spread }) };
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
  return [low < high ? read : [problem], [low, high]] as const;
}
