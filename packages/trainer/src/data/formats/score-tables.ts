import { z } from 'zod';
import { tableRows } from '../files/table.js';
import { DataProblem } from '../files/problem.js';
import { eachRow } from './each.js';
import { numberCell } from './fields.js';
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
  const [low, high] = range;
  const schema = z.object({
    [image]: z.union([z.string(), z.number()]),
    [score]: numberCell,
    ...(std !== undefined && { [std]: numberCell.pipe(z.number().min(0)).optional() }),
  });
  return eachRow(
    file,
    await tableRows(file),
    () => schema,
    (fields, row) => {
      const value = fields[score] as number;
      if (value < low || value > high) {
        return new DataProblem(file, row, score, `must be from ${low} to ${high}, got ${value}`);
      }
      const deviation = std === undefined ? undefined : (fields[std] as number | undefined);
      return { row, image: String(fields[image]), score: value, ...(deviation !== undefined && { std: deviation }) };
    },
  );
}
