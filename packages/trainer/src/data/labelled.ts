import type { ComparisonLabel } from '@q-insight/rewards';
import path from 'node:path';
import { turned } from '../evaluation/comparison-accuracy.js';
import { decodeImage } from '../images/decode.js';
import { DataProblem, throwProblem, type OnProblem } from './files/problem.js';
import { fileFinder, likelyRoot } from './image-folders.js';
import type { Dataset, Prompt, RgbImage } from './prompt.js';
import type { Labels } from './read-labels.js';
import { picturesOf, type ComparisonRow, type LabelRow } from './row.js';
import { comparisonMessages, taskMessages, type AskingOptions } from './tasks.js';

/** Options of {@link labelledDataset}. */
export interface LabelledOptions extends AskingOptions {
  /** 'both' asks every comparison a second time, with its images swapped, after all that are as given. @defaultValue 'given' */
  readonly orders?: 'given' | 'both';
}

/**
 * The questions that go with the rows of a label file. Images are decoded when asked for. Ids are
 * `<task>:<image>:<index>`, and end in `#swapped` where the images are.
 *
 * @throws when an image is missing; the message names file, row and field. From `get`, when one cannot be decoded.
 */
export function labelledDataset(labels: Labels, options: LabelledOptions = {}): Dataset {
  const { file, images, rows } = labels;
  const { orders = 'given', ...asking } = options;
  checkImages(labels);
  const length = orders === 'both' ? 2 * rows.length : rows.length;
  const place = (index: number) => {
    const row = rows[index % rows.length];
    if (row === undefined || !(index >= 0 && index < length)) {
      throw new RangeError(`${file}: index must be an integer in [0, ${length}), got ${index}`);
    }
    return { row, swapped: index >= rows.length };
  };
  const id = (index: number): string => {
    const { row, swapped } = place(index);
    return `${row.task}:${nameOf(row)}:${index % rows.length}${swapped ? '#swapped' : ''}`;
  };
  return {
    length,
    id,
    indexOf(name) {
      const [, index, swapped] = /:(\d+)(#swapped)?$/.exec(name) ?? [];
      return index === undefined ? undefined : Number(index) + (swapped === undefined ? 0 : rows.length);
    },
    files: (index) =>
      picturesOf(place(index).row).map(({ image }) => (path.isAbsolute(image) ? image : path.join(images, image))),
    async get(index): Promise<Prompt> {
      const { row, swapped } = place(index);
      const pictures = await Promise.all(
        picturesOf(row).map(({ field, image }) => readImage(path.resolve(images, image), image, { file, row, field })),
      );
      if (row.task === 'comparison') return comparison(row, pictures, { id: id(index), pair: id(index % rows.length), swapped, asking }); // prettier-ignore
      return { id: id(index), messages: taskMessages(row.task, pictures[0]!, asking), label: labelOf(row) };
    },
  };
}

const nameOf = (row: LabelRow) => (row.task === 'comparison' ? `${row.imageA}|${row.imageB}` : row.image);

/** Tells of every image that is not there. Default: throws at the first. */
export function checkImages({ file, images, rows }: Labels, onProblem: OnProblem = throwProblem): void {
  const exists = fileFinder();
  for (const row of rows) {
    for (const { field, image } of picturesOf(row)) {
      const full = path.resolve(images, image);
      if (exists(full)) continue;
      const root = likelyRoot(file, image);
      const advice = root === undefined ? '' : `; it is there with 'images: ${root}'`;
      onProblem(new DataProblem(file, row.row, field, `names a file that is not there: ${full}${advice}`));
    }
  }
}

async function readImage(
  full: string,
  name: string,
  { file, row, field }: { file: string; row: LabelRow; field: string },
): Promise<RgbImage> {
  try {
    return { ...(await decodeImage(full)), name };
  } catch (error) {
    throw new DataProblem(file, row.row, field, `cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function labelOf(row: Exclude<LabelRow, ComparisonRow>): Prompt['label'] {
  if (row.task === 'degradation') {
    return { task: 'degradation', distortionClass: row.distortionClass, level: row.level };
  }
  return { task: 'score', score: row.score, ...(row.std !== undefined && { std: row.std }) };
}

function comparison(
  row: ComparisonRow,
  pictures: readonly RgbImage[],
  { id, pair, swapped, asking }: { id: string; pair: string; swapped: boolean; asking: AskingOptions },
): Prompt {
  const [b, a, reference] = [...pictures].reverse() as [RgbImage, RgbImage, RgbImage?];
  const better: ComparisonLabel['better'] = swapped ? turned(row.better) : row.better;
  const shown = swapped ? { a: b, b: a } : { a, b };
  const { enhancers } = row;
  return {
    id,
    messages: comparisonMessages({ ...shown, ...(reference !== undefined && { reference }) }, asking),
    label: { task: 'comparison', better },
    metadata: {
      pair,
      swapped,
      ...(enhancers !== undefined && { enhancers: swapped ? [enhancers[1], enhancers[0]] : enhancers }),
    },
  };
}
