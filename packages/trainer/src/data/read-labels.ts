import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { LabelSource } from '../config/data-source.js';
import { checkRow } from '../config/row.js';
import { readJsonSync } from '../models/files.js';
import { DataProblem, throwProblem, type OnProblem } from './files/problem.js';
import { deqaRows } from './formats/deqa.js';
import { dq495kRows } from './formats/dq495k.js';
import { ownJsonRows, ownTableRows } from './formats/own.js';
import { qInsightComparisonRows, qInsightDegradationRows } from './formats/q-insight.js';
import { onScale, type RawScore } from './formats/score-scale.js';
import { SCORE_TABLES, scoreTableRows } from './formats/score-tables.js';
import { vlmR1Rows } from './formats/vlm-r1.js';
import { tid2013Rows, visualQualityRows } from './formats/word-lists.js';
import { picturesOf, type LabelRow } from './row.js';
import { parseSampling, sampleRows } from './sampling.js';

/** The rows of a label file that are used. */
export interface Labels {
  readonly file: string;
  /** Folder that image paths are relative to. */
  readonly images: string;
  readonly rows: readonly LabelRow[];
  /** Rows left out because they were told to be, before sampling. */
  readonly leftOut: number;
}

type Read = Iterable<LabelRow | undefined | DataProblem>;

/**
 * Reads a label file: every row is checked, then those of the split and the sample are taken.
 *
 * @param seed - decides which rows `random` takes
 * @param onProblem - told of each bad row. Default: throws at the first
 * @throws {@link DataProblem} for a file that cannot be read at all
 */
export async function readLabels(
  source: LabelSource,
  seed: string,
  onProblem: OnProblem = throwProblem,
): Promise<Labels> {
  const { file } = source;
  if (!existsSync(file)) throw new DataProblem(file, undefined, undefined, 'label file not found');
  let rows: LabelRow[] = [];
  let leftOut = 0;
  for (const row of await readRows(source)) {
    if (row instanceof DataProblem) onProblem(row);
    else if (row === undefined) leftOut += 1;
    else rows.push(row);
  }
  if ('reference' in source && source.reference === 'hidden') rows = rows.map(withoutReference);
  if (rows.length === 0 && onProblem === throwProblem) throw new DataProblem(file, undefined, undefined, 'no rows');
  if ('split' in source && source.split !== undefined) rows = splitRows(rows, source.split);
  try {
    return { file, images: imageFolder(source), rows: sampleRows(rows, parseSampling(source.sample)!, seed), leftOut };
  } catch (error) {
    throw new DataProblem(file, undefined, undefined, (error as Error).message, { cause: error });
  }
}

function withoutReference(row: LabelRow): LabelRow {
  if (row.task !== 'comparison') return row;
  const alone: { reference?: string } & typeof row = { ...row };
  delete alone.reference;
  return alone;
}

async function readRows(source: LabelSource): Promise<Read> {
  const { kind, file } = source;
  switch (kind) {
    case 'jsonl':
      return ownJsonRows(file);
    case 'csv':
      return ownTableRows(file);
    case 'deqa':
      return deqaRows(file);
    case 'q-insight-degradation':
      return qInsightDegradationRows(file);
    case 'q-insight-comparison':
      return qInsightComparisonRows(file, source.enhancers);
    case 'dq495k':
      return dq495kRows(file, source.otherClasses);
    case 'vlm-r1':
      return onScale(file, 'conversations.1.value', vlmR1Rows(file), source.scale);
    case 'visualquality-r1':
      return onScale(file, 'mos', visualQualityRows(file), source.scale);
    case 'tid2013':
      return onScale(file, 'mos', inRange(file, tid2013Rows(file), [0, 9]), source.scale);
    case 'koniq': {
      // z-scores have a scale of their own, and no published deviation
      const columns =
        source.score === 'MOS' ? SCORE_TABLES.koniq.columns : { image: 'image_name', score: source.score };
      const range = source.score === 'MOS' ? SCORE_TABLES.koniq.range : ([0, 100] as const);
      return onScale(file, source.score, await scoreTableRows(file, columns, range), source.scale);
    }
    case 'spaq':
    case 'kadid':
    case 'agiqa': {
      const { columns, range } = SCORE_TABLES[kind];
      return onScale(file, columns.score, await scoreTableRows(file, columns, range), source.scale);
    }
  }
}

function* inRange(file: string, rows: Iterable<RawScore | DataProblem>, [low, high]: readonly [number, number]) {
  for (const row of rows) {
    const outside = !(row instanceof DataProblem) && (row.score < low || row.score > high);
    yield outside ? new DataProblem(file, row.row, 'mos', `must be from ${low} to ${high}, got ${row.score}`) : row;
  }
}

/** Where the images of a dataset lie beside its label file, as it is published. */
function imageFolder(source: LabelSource): string {
  if (source.images !== undefined) return source.images;
  const folder = path.dirname(source.file);
  switch (source.kind) {
    case 'deqa': // <root>/KONIQ/metas/train_koniq_7k.json and image KONIQ/images/1.jpg
      return path.join(folder, '../..');
    case 'q-insight-degradation': // refA_sd_brief/metas/train_dist.json and refA_sd_brief/dist_imgs
      return path.join(folder, '..');
    case 'koniq':
    case 'spaq':
    case 'kadid':
    case 'agiqa':
      return path.join(folder, SCORE_TABLES[source.kind].images);
    case 'tid2013':
      return path.join(folder, 'distorted_images');
    default:
      return folder;
  }
}

const splitSchema = z.record(z.string(), z.array(z.string()));

/** The rows whose images a list names; every name must have its row. */
function splitRows(rows: readonly LabelRow[], { file, list }: { file: string; list: string }): LabelRow[] {
  const lists = checkRow(splitSchema, readJsonSync(file), file);
  const names = lists[list];
  if (names === undefined) throw new Error(`${file}: has no list '${list}', only ${Object.keys(lists).join(', ')}`);
  const wanted = new Set(names);
  const taken = rows.filter((row) => picturesOf(row).some(({ image }) => wanted.has(image)));
  const found = new Set(taken.flatMap((row) => picturesOf(row).map(({ image }) => image)));
  const missing = names.find((name) => !found.has(name));
  if (missing !== undefined) throw new Error(`${file}: '${list}' names an image without a label: ${missing}`);
  return taken;
}
