import { DISTORTION_CLASSES, LEVELS, type DistortionClass } from '@q-insight/rewards';
import { statSync } from 'node:fs';
import { z } from 'zod';
import { jsonArray, jsonFiles, jsonLines } from '../files/json.js';
import { DataProblem } from '../files/problem.js';
import type { DegradationRow } from '../row.js';
import { eachRow } from './each.js';
import { imagePath } from './fields.js';

const KNOWN: readonly string[] = DISTORTION_CLASSES.filter((name) => name !== 'null');

/** The classes of DQ-495K that Q-Insight's question does not name. */
const OTHERS: readonly string[] = [
  'brighten',
  'contrast_strengthen',
  'contrast_weaken',
  'saturate_strengthen',
  'saturate_weaken',
  'oversharpen',
  'pixelate',
  'quantization',
];

const CLASSES = [...KNOWN, ...OTHERS];

const distortion = {
  distortion_class: z.string().min(1).nullable(),
  distortion_name: z.string().min(1).nullish(),
  severity: z.int().min(0).max(5),
};
/** As the generator writes it, or as a question about it. */
const generated = z.object({ img_lq: imagePath, ...distortion });
const asked = z.object({ image_A: imagePath, ...distortion });

/** What becomes of rows whose class Q-Insight's question does not name. */
export type OtherClasses = 'refuse' | 'leave-out';

/**
 * Metas of DQ-495K (DepictQA-Wild, arXiv 2405.18842): a folder with one `.json` an image as its generator writes them
 * (`img_lq`, `distortion_class`, `distortion_name`, `severity` 0 to 5), or a `.json` or `.jsonl` of many, also as questions
 * (`image_A` in the place of `img_lq`). Severity 0, with a class of null, is an undistorted image; 1 to 5 are the levels
 * from slight to catastrophic.
 *
 * @param otherClasses - 'leave-out' gives undefined in the place of such rows, to be counted
 */
export function dq495kRows(
  file: string,
  otherClasses: OtherClasses,
): Generator<DegradationRow | undefined | DataProblem> {
  const isFolder = statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
  const rows = isFolder ? jsonFiles(file) : file.endsWith('.jsonl') ? jsonLines(file) : jsonArray(file);
  const schemaOf = (value: unknown) =>
    typeof value === 'object' && value !== null && 'image_A' in value ? asked : generated;
  return eachRow(file, rows, schemaOf, (fields, row, own) => {
    const image = 'image_A' in fields ? fields.image_A : fields.img_lq;
    return rowOf(own, row, image, fields, otherClasses);
  });
}

function rowOf(
  file: string,
  row: number,
  image: string,
  fields: { distortion_class: string | null; distortion_name?: string | null | undefined; severity: number },
  otherClasses: OtherClasses,
): DegradationRow | undefined | DataProblem {
  const { distortion_class: name, distortion_name: named, severity } = fields;
  const problem = (field: string, text: string) => new DataProblem(file, row, field, text);
  if ((name === null) !== (severity === 0)) {
    return problem('severity', `must be 0 exactly when distortion_class is null, got ${severity}`);
  }
  if (name === null) return { task: 'degradation', row, image, distortionClass: 'null', level: 'null' };
  const leftOut = OTHERS.includes(name) && otherClasses === 'leave-out';
  if (!leftOut && !KNOWN.includes(name)) {
    const advice = OTHERS.includes(name) ? "; with 'otherClasses: leave-out' such rows are left out" : '';
    return problem('distortion_class', `must be one of ${KNOWN.join(', ')} or null, got "${name}"${advice}`);
  }
  if (typeof named === 'string' && !named.includes(name) && CLASSES.some((other) => named.includes(other))) {
    return problem('distortion_name', `must belong to distortion_class "${name}", got "${named}"`);
  }
  if (leftOut) return undefined;
  return { task: 'degradation', row, image, distortionClass: name as DistortionClass, level: LEVELS[severity - 1]! };
}
