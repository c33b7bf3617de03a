import path from 'node:path';
import { z } from 'zod';
import { jsonArray, jsonLines } from '../files/json.js';
import { tableRows } from '../files/table.js';
import { DataProblem } from '../files/problem.js';
import type { ComparisonRow, LabelRow } from '../row.js';
import { eachRow } from './each.js';
import { imagePath, numberCell } from './fields.js';
import { degradationRow, distortionFields } from './q-insight.js';

const scoreFields = z.strictObject({
  /** Path of the image, relative to the image folder. */
  image: imagePath,
  task: z.literal('score'),
  /** Mean opinion score brought to [1, 5]. */
  score: z.number().min(1).max(5),
  /** Standard deviation of the opinions, on the same scale. */
  std: z.number().min(0).exactOptional(),
});
const degradationFields = z.strictObject({ image: imagePath, task: z.literal('degradation'), ...distortionFields });
const pairFields = {
  image_a: imagePath,
  image_b: imagePath,
  /** The picture both were made from. */
  reference: imagePath.optional(),
  better: z.enum(['Image A', 'Image B', 'Similar']),
};
const comparisonFields = z.strictObject({ task: z.literal('comparison'), ...pairFields });
const jsonSchema = z.discriminatedUnion('task', [scoreFields, degradationFields, comparisonFields]);

function comparisonRow(
  file: string,
  row: number,
  { image_a: imageA, image_b: imageB, reference, better }: z.output<z.ZodObject<typeof pairFields>>,
): ComparisonRow | DataProblem {
  if (imageA === imageB) return new DataProblem(file, row, 'image_b', `is the same as image_a: ${imageB}`);
  return { task: 'comparison', row, imageA, imageB, better, ...(reference !== undefined && { reference }) };
}

/** Your own labels: a `.jsonl` file with one object a line, or a `.json` file with an array of them. */
export function ownJsonRows(file: string): Generator<LabelRow | DataProblem> {
  const rows = path.extname(file) === '.jsonl' ? jsonLines(file) : jsonArray(file);
  return eachRow(
    file,
    rows,
    () => jsonSchema,
    (fields, row) => {
      if (fields.task === 'comparison') return comparisonRow(file, row, fields);
      if (fields.task === 'degradation') return degradationRow(file, row, fields.image, fields);
      return { ...fields, row };
    },
  );
}

const tableSchemas = {
  score: z.object({
    image: imagePath,
    score: numberCell.pipe(z.number().min(1).max(5)),
    std: numberCell.pipe(z.number().min(0)).optional(),
  }),
  degradation: z.object({ image: imagePath, ...distortionFields }),
  comparison: z.object(pairFields),
};

/**
 * Your own labels in a table: columns `image` and `score` (and `std`), or `image`, `distortion_class` and `severity`, or
 * `image_a`, `image_b` and `better` (and `reference`).
 */
export async function ownTableRows(file: string): Promise<Generator<LabelRow | DataProblem>> {
  const schemaOf = (value: unknown): (typeof tableSchemas)[keyof typeof tableSchemas] => {
    if ('image_a' in (value as object)) return tableSchemas.comparison;
    return 'distortion_class' in (value as object) ? tableSchemas.degradation : tableSchemas.score;
  };
  return eachRow(
    file,
    await tableRows(file, [
      'image',
      'score',
      'std',
      'distortion_class',
      'severity',
      'image_a',
      'image_b',
      'reference',
      'better',
    ]),
    schemaOf,
    (fields, row) => {
      if ('image_a' in fields) return comparisonRow(file, row, fields);
      if ('distortion_class' in fields) return degradationRow(file, row, fields.image, fields);
      const { image, score, std } = fields;
      return { task: 'score', row, image, score, ...(std !== undefined && { std }) };
    },
  );
}
