import { DISTORTION_CLASSES, LEVELS } from '@q-insight/rewards';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { checkRow } from '../config/row.js';
import { decodeImage } from '../images/decode.js';
import { parseJson } from './parse-json.js';
import type { Dataset, Prompt, RgbImage } from './prompt.js';
import { taskMessages, type PromptStyle } from './tasks.js';

const scoreRow = z.strictObject({
  /** Path of the image, relative to the image folder. */
  image: z.string().min(1),
  task: z.literal('score'),
  /** Mean opinion score brought to [1, 5]. */
  score: z.number().min(1).max(5),
});

const degradationRow = z
  .strictObject({
    image: z.string().min(1),
    task: z.literal('degradation'),
    distortion_class: z.enum(DISTORTION_CLASSES),
    severity: z.enum([...LEVELS, 'null']),
  })
  .refine((row) => (row.distortion_class === 'null') === (row.severity === 'null'), {
    path: ['severity'],
    message: 'must be "null" exactly when distortion_class is',
  });

const rowSchema = z.discriminatedUnion('task', [scoreRow, degradationRow]);

/** One line of a label file. */
export type LabelledRow = z.output<typeof rowSchema>;

/** Options of {@link labelledImages}. */
export interface LabelledOptions {
  /** Folder that image paths are relative to. @defaultValue the folder of the label file */
  readonly images?: string;
  /** Length of the questions. @defaultValue 'full' */
  readonly style?: PromptStyle;
}

/**
 * Your own images and labels: a `.jsonl` file with one object a line, or a `.json` file with an array of them.
 *
 * ```json
 * {"image": "a.png", "task": "score", "score": 3.9}
 * {"image": "b.png", "task": "degradation", "distortion_class": "noise", "severity": "obvious"}
 * ```
 *
 * All rows are checked before the first is used. Ids are `<task>:<image>:<index>`.
 * @throws on a row that is not as above or whose image is missing; the message names file, row (from 1) and field.
 */
export function labelledImages(file: string, options: LabelledOptions = {}): Dataset {
  const folder = options.images ?? path.dirname(file);
  const rows = readRows(file);
  for (const { row, where } of rows) {
    const image = path.join(folder, row.image);
    if (!existsSync(image)) throw new Error(`${where}: 'image' names a file that is not there: ${image}`);
  }
  return {
    length: rows.length,
    async get(index): Promise<Prompt> {
      const found = rows[index];
      if (found === undefined)
        throw new RangeError(`${file}: index must be an integer in [0, ${rows.length}), got ${index}`);
      const { row, where } = found;
      const image = { ...(await readImage(path.join(folder, row.image), where)), name: row.image };
      const messages = taskMessages(row.task, image, options.style ?? 'full');
      return { id: `${row.task}:${row.image}:${index}`, messages, label: labelOf(row) };
    },
  };
}

async function readImage(image: string, where: string): Promise<RgbImage> {
  try {
    return await decodeImage(image);
  } catch (error) {
    throw new Error(`${where}: 'image': ${(error as Error).message}`, { cause: error });
  }
}

function labelOf(row: LabelledRow): Prompt['label'] {
  if (row.task === 'score') return { task: 'score', score: row.score };
  return { task: 'degradation', distortionClass: row.distortion_class, level: row.severity };
}

/** A value of the file, and what errors call it. */
interface Located {
  readonly value: unknown;
  readonly where: string;
}

function readRows(file: string): { row: LabelledRow; where: string }[] {
  if (!existsSync(file)) throw new Error(`${file}: label file not found`);
  const text = readFileSync(file, 'utf8');
  const values = path.extname(file) === '.jsonl' ? parseLines(text, file) : parseArray(text, file);
  if (values.length === 0) throw new Error(`${file}: no rows`);
  return values.map(({ value, where }) => ({ row: checkRow(rowSchema, value, where), where }));
}

function parseLines(text: string, file: string): Located[] {
  const lines = text.split('\n').map((line, i) => ({ line: line.trim(), where: `${file}, row ${i + 1}` }));
  return lines.filter(({ line }) => line !== '').map(({ line, where }) => ({ value: parseJson(line, where), where }));
}

function parseArray(text: string, file: string): Located[] {
  const value = parseJson(text, file);
  if (!Array.isArray(value)) throw new Error(`${file}: must hold an array of rows (or name it .jsonl, one row a line)`);
  return value.map((row: unknown, i) => ({ value: row, where: `${file}, row ${i + 1}` }));
}
