import path from 'node:path';
import type { SingleSource } from '../../config/data-source.js';
import { DataProblem } from '../files/problem.js';
import { checkImages } from '../labelled.js';
import { readSplit } from '../photos.js';
import { readLabels, type Labels } from '../read-labels.js';
import { picturesOf, type LabelRow } from '../row.js';
import { checkImage, eachOf } from './image-check.js';
import { labelStatistics, type LabelStatistics } from './statistics.js';

/** What can be wrong with a set. */
export const FINDINGS = ['label', 'missing', 'unreadable', 'too small', 'repeated row', 'same image', 'leak'] as const;

/** One thing that is wrong. */
export interface Finding {
  readonly kind: (typeof FINDINGS)[number];
  /** Names file, row and field where there are any. */
  readonly text: string;
}

/** A source under the name it is reported by. */
export interface NamedSource {
  readonly name: string;
  readonly side: 'train' | 'heldOut';
  readonly source: SingleSource;
  /** Decides which rows `random` takes: the one training or a benchmark opens it with. */
  readonly seed: string;
}

/** What checking a set found. */
export interface SetCheck {
  readonly name: string;
  readonly side: 'train' | 'heldOut';
  readonly rows: number;
  /** Different image files. */
  readonly images: number;
  /** Rows left out because they were told to be. */
  readonly leftOut: number;
  readonly statistics: LabelStatistics;
  readonly findings: readonly Finding[];
  /** First place of each file's content, by its SHA-256. */
  readonly hashes: ReadonlyMap<string, string>;
}

/** Options of {@link checkSet}. */
export interface CheckOptions {
  /** Images below this on a side are too small. @defaultValue 28, a token of Qwen2.5-VL; upstream enlarges smaller ones */
  readonly smallestSide?: number;
  /** Images read at a time. @defaultValue 8 */
  readonly width?: number;
  /** Told how many images have been read. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Checks every row and reads every image of a source. Nothing is thrown: everything found is returned. */
export async function checkSet(named: NamedSource, options: CheckOptions = {}): Promise<SetCheck> {
  const { name, side, source, seed } = named;
  const findings: Finding[] = [];
  const labels = await labelsOf(source, side, seed, findings);
  const missing = new Set<string>();
  checkImages(labels, ({ message, row, field }) => {
    findings.push({ kind: 'missing', text: message });
    missing.add(placeOf(labels.file, row!, field!));
  });
  findings.push(...repeatedRows(labels));

  const places = imagePlaces(labels, missing);
  const smallestSide = source.kind === 'photos' ? source.cropSize : (options.smallestSide ?? 28);
  const hashes = new Map<string, string>();
  let done = 0;
  const perImage = new Map<string, Finding[]>();
  await eachOf([...places.keys()], options.width ?? 8, async (file) => {
    const { hash, problem } = await checkImage(file, smallestSide);
    if (problem) perImage.set(file, [{ kind: problem.kind, text: `${places.get(file)!} ${problem.text}` }]);
    if (hash !== undefined) hashes.set(file, hash);
    options.onProgress?.(++done, places.size);
  });
  const first = new Map<string, string>();
  for (const [file, place] of places) {
    findings.push(...(perImage.get(file) ?? []));
    const hash = hashes.get(file);
    if (hash === undefined) continue;
    const before = first.get(hash);
    if (before === undefined) first.set(hash, place);
    else findings.push({ kind: 'same image', text: `${place} is the same file as ${before}` });
  }
  const { rows, leftOut } = labels;
  const counted = source.kind === 'photos' ? source.size : rows.length;
  const statistics = source.kind === 'photos' ? {} : labelStatistics(rows);
  return { name, side, rows: counted, images: places.size, leftOut, statistics, findings, hashes: first };
}

async function labelsOf(
  source: SingleSource,
  side: 'train' | 'heldOut',
  seed: string,
  findings: Finding[],
): Promise<Labels> {
  try {
    if (source.kind === 'photos') return photoLabels(source.folder, readSplit(source.folder, source.split ?? side));
    return await readLabels(source, seed, (problem) => findings.push({ kind: 'label', text: problem.message }));
  } catch (error) {
    findings.push({ kind: 'label', text: (error as Error).message });
    return { file: '', images: '', rows: [], leftOut: 0 };
  }
}

/** Photographs as rows, for what is checked of images. */
function photoLabels(folder: string, names: readonly string[]): Labels {
  const rows = names.map((image, i): LabelRow => ({ task: 'score', row: i + 1, image, score: 1 }));
  return { file: path.join(folder, 'split.json'), images: folder, rows, leftOut: 0 };
}

/** Rows that ask the same of the same images. */
function repeatedRows({ file, rows }: Labels): Finding[] {
  const first = new Map<string, number>();
  return rows.flatMap((row) => {
    const key = JSON.stringify([row.task, ...picturesOf(row).map(({ image }) => image)]);
    const before = first.get(key);
    if (before === undefined) first.set(key, row.row);
    if (before === undefined) return [];
    return [{ kind: 'repeated row' as const, text: new DataProblem(file, row.row, undefined, `asks the same as row ${before}`).message }]; // prettier-ignore
  });
}

/** Each image that is there, with the row and field that name it first. */
function imagePlaces({ file, images, rows }: Labels, missing: ReadonlySet<string>): Map<string, string> {
  const places = new Map<string, string>();
  for (const row of rows) {
    for (const { field, image } of picturesOf(row)) {
      const place = placeOf(file, row.row, field);
      const full = path.resolve(images, image);
      if (!missing.has(place) && !places.has(full)) places.set(full, place);
    }
  }
  return places;
}

const placeOf = (file: string, row: number, field: string) => `${file}, row ${row}: '${field}'`;
