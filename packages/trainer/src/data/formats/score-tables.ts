import { tableRows } from '../files/table.js';
import { DataProblem } from '../files/problem.js';
import type { RawRow } from '../files/raw-row.js';
import { readNumber } from './fields.js';
import type { RawScore } from './score-scale.js';

/** Which columns of a table hold what. */
export interface ScoreColumns {
  readonly image: string;
  readonly score: string;
  readonly std?: string;
}

/** A dataset's own table of scores, as it is published. */
export interface ScoreTable {
  readonly columns: ScoreColumns;
  /** What a score can be at all. */
  readonly range: readonly [number, number];
  /** Folder of the images, from the table's. */
  readonly images: string;
}

/** The tables of the field's datasets. */
export const SCORE_TABLES = {
  /** KonIQ-10k, `koniq10k_scores_and_distributions.csv` (Hosu et al. 2020). */
  koniq: { columns: { image: 'image_name', score: 'MOS', std: 'SD' }, range: [1, 5], images: '1024x768' },
  /** SPAQ, `Annotations/MOS and Image attribute scores.xlsx` (Fang et al. 2020). */
  spaq: { columns: { image: 'Image name', score: 'MOS' }, range: [0, 100], images: '../TestImage' },
  /** KADID-10k, `dmos.csv`; in spite of its name, more is better (Lin et al. 2019). */
  kadid: { columns: { image: 'dist_img', score: 'dmos' }, range: [1, 5], images: 'images' },
  /** AGIQA-3K, `data.csv`; the quality, not the alignment (Li et al. 2023). */
  agiqa: { columns: { image: 'name', score: 'mos_quality', std: 'std_quality' }, range: [0, 5], images: '.' },
} as const satisfies Record<string, ScoreTable>;

/**
 * Scores of a table with a header. A column for the deviation is read where the table has one.
 *
 * @param range - scores outside are problems
 */
export async function scoreTableRows(
  file: string,
  columns: ScoreColumns,
  range: readonly [number, number] = [-Infinity, Infinity],
): Promise<Generator<RawScore | DataProblem>> {
  const { image, score, std } = columns;
  const rows = await tableRows(file, [image, score, ...(std === undefined ? [] : [std])]);
  return scoresOf(file, rows, columns, range);
}

function* scoresOf(
  file: string,
  rows: Iterable<RawRow | DataProblem>,
  columns: ScoreColumns,
  [low, high]: readonly [number, number],
): Generator<RawScore | DataProblem> {
  for (const raw of rows) {
    if (raw instanceof DataProblem) {
      yield raw;
      continue;
    }
    const { row } = raw;
    const cells = raw.value as Readonly<Record<string, string | number | undefined>>;
    const name = cells[columns.image];
    const score = numberIn(cells[columns.score], low, high);
    const spread = columns.std === undefined ? undefined : cells[columns.std];
    const std = spread === undefined ? undefined : numberIn(spread, 0);
    if (name === undefined) yield new DataProblem(file, row, columns.image, 'is required');
    else if (typeof score === 'string') yield new DataProblem(file, row, columns.score, score);
    else if (typeof std === 'string') yield new DataProblem(file, row, columns.std, std);
    else yield { task: 'score', row, image: String(name), score, ...(std !== undefined && { std }) };
  }
}

/** The number in a cell, or what is wrong with it. */
function numberIn(cell: string | number | undefined, low: number, high = Infinity): number | string {
  if (cell === undefined) return 'is required';
  const number = readNumber(cell);
  if (number === undefined) return `must be a number, got ${JSON.stringify(cell)}`;
  if (number >= low && number <= high) return number;
  return high === Infinity ? `must be at least ${low}, got ${number}` : `must be from ${low} to ${high}, got ${number}`;
}
