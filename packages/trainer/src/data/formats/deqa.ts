import { z } from 'zod';
import { jsonArray } from '../files/json.js';
import type { ScoreRow } from '../row.js';
import { eachRow } from './each.js';
import { imagePath } from './fields.js';

const schema = z.object({
  image: imagePath,
  /** Mean opinion score brought to [1, 5] over the whole dataset. */
  gt_score_norm: z.number().min(1).max(5),
  std_norm: z.number().min(0).exactOptional(),
});

/**
 * Metas of DeQA-Score (arXiv 2501.11561), which Q-Insight trains its scores on: a JSON array of `{"image":
 * "KONIQ/images/1.jpg", "gt_score_norm": 3.97, "std_norm": 0.72, …}`. Other fields are not read.
 */
export const deqaRows = (file: string) =>
  eachRow(
    file,
    jsonArray(file),
    () => schema,
    ({ image, gt_score_norm: score, std_norm: std }, row): ScoreRow => ({
      task: 'score',
      row,
      image,
      score,
      ...(std !== undefined && { std }),
    }),
  );
