import { DISTORTION_CLASSES, LEVELS } from '@q-insight/rewards';
import { z } from 'zod';
import type { Enhancer } from '../../evaluation/comparison-accuracy.js';
import { jsonArray } from '../files/json.js';
import { DataProblem } from '../files/problem.js';
import type { ComparisonRow, DegradationRow } from '../row.js';
import { eachRow } from './each.js';
import { imagePath } from './fields.js';

/** Class and level of a distortion: both or neither are 'null'. */
export const distortionFields = {
  distortion_class: z.enum(DISTORTION_CLASSES),
  severity: z.enum([...LEVELS, 'null']),
};

/** The row of a class and a level. */
export function degradationRow(
  file: string,
  row: number,
  image: string,
  fields: { distortion_class: DegradationRow['distortionClass']; severity: DegradationRow['level'] },
): DegradationRow | DataProblem {
  const { distortion_class: distortionClass, severity: level } = fields;
  if ((distortionClass === 'null') !== (level === 'null')) {
    return new DataProblem(file, row, 'severity', 'must be "null" exactly when distortion_class is');
  }
  return { task: 'degradation', row, image, distortionClass, level };
}

const degradationSchema = z.object({ image: imagePath, ...distortionFields });

/** Q-Insight's `train_dist.json`: an array of `{"image", "distortion_class": "noise", "severity": "slight"}`, "null" for none. */
export const qInsightDegradationRows = (file: string) =>
  eachRow(
    file,
    jsonArray(file),
    () => degradationSchema,
    (fields, row) => degradationRow(file, row, fields.image, fields),
  );

const comparisonSchema = z.object({
  ref_image: imagePath,
  ImageA: imagePath,
  ImageB: imagePath,
  result: z.enum(['Image A', 'Image B', 'Similar']),
});

/** How pictures were made, by the first folder of their path. */
export type Enhancers = Readonly<Record<string, Enhancer>>;

/**
 * Q-Insight's `train_comparison.json`: an array of `{"ref_image", "ImageA", "ImageB", "result": "Image A"}`.
 *
 * @param enhancers - when given, the folder of every picture must be named
 */
export const qInsightComparisonRows = (file: string, enhancers?: Enhancers) =>
  eachRow(
    file,
    jsonArray(file),
    () => comparisonSchema,
    (fields, row): ComparisonRow | DataProblem => {
      const { ref_image: reference, ImageA: imageA, ImageB: imageB, result: better } = fields;
      if (imageA === imageB) return new DataProblem(file, row, 'ImageB', `is the same as ImageA: ${imageB}`);
      const plain = { task: 'comparison', row, reference, imageA, imageB, better } as const;
      if (enhancers === undefined) return plain;
      const [a, b] = [imageA, imageB].map((image) => enhancers[image.split('/')[0]!]);
      if (a !== undefined && b !== undefined) return { ...plain, enhancers: [a, b] };
      const field = a === undefined ? 'ImageA' : 'ImageB';
      return new DataProblem(file, row, field, `has a folder that 'enhancers' does not name: ${fields[field]}`);
    },
  );
