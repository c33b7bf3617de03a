import { closeSync, existsSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../checkpoint-files.js';
import { checkRow } from '../config/row.js';
import type { Dataset } from '../data/prompt.js';
import { readJsonLines } from '../tracking/jsonl.js';

/** In a run folder: a line an image that the label files name. */
export const IMAGES_FILE = 'images.jsonl';

/** Up to so many bytes in all, the content of images is read too: that takes half a minute. */
const READ_BYTES = 4 * 2 ** 30;

const recordSchema = z.object({
  image: z.string(),
  bytes: z.int(),
  /** When it was last written, in milliseconds since 1970. */
  time: z.number(),
  sha256: z.string().optional(),
});

type ImageRecord = z.output<typeof recordSchema>;

/** What was recorded. */
export interface ImageRecords {
  readonly images: number;
  /** What the images were told by: their content, or, when they are too many to be read, their time of writing. */
  readonly by: 'content' | 'time';
}

/**
 * Records what the images of some datasets are now, for {@link changedImages}. Images that are made up have no file, and no record.
 *
 * @param readBytes - images that take more in all are not read
 */
export function recordImages(run: string, datasets: readonly Dataset[], readBytes = READ_BYTES): ImageRecords {
  const records = [...new Set(datasets.flatMap(filesOf))].map((image): ImageRecord => {
    const { size, mtimeMs } = statSync(image);
    return { image, bytes: size, time: mtimeMs };
  });
  const isRead = records.reduce((sum, { bytes }) => sum + bytes, 0) <= readBytes;
  const file = join(run, IMAGES_FILE);
  const handle = openSync(`${file}.partial`, 'w');
  try {
    for (const record of records) {
      const content = isRead && { sha256: sha256(record.image) };
      writeSync(handle, `${JSON.stringify({ ...record, ...content })}\n`);
    }
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.partial`, file);
  return { images: records.length, by: isRead ? 'content' : 'time' };
}

function filesOf(dataset: Dataset): string[] {
  return Array.from({ length: dataset.length }, (_, index) => dataset.files?.(index) ?? []).flat();
}

/** Whether a run has recorded its images. */
export const hasImageRecords = (run: string): boolean => existsSync(join(run, IMAGES_FILE));

/** Drops the records, so that they are made anew. */
export const forgetImages = (run: string): void => rmSync(join(run, IMAGES_FILE), { force: true });

/**
 * What images are not as they were recorded, in words: `a.jpg has changed`. One that was written again is read, where its content is
 * known; the others are told by size and time alone, so that looking at a million takes seconds.
 *
 * @throws Error naming file, line and field of a damaged record
 */
export function changedImages(run: string): string[] {
  const file = join(run, IMAGES_FILE);
  return readJsonLines(file).flatMap(({ line, value }) => {
    const record = checkRow(recordSchema, value, `${file}:${line}`);
    const now = statSync(record.image, { throwIfNoEntry: false });
    if (now === undefined) return [`${record.image} is gone`];
    if (now.size === record.bytes && now.mtimeMs === record.time) return [];
    if (now.size !== record.bytes) return [`${record.image} has changed`];
    if (record.sha256 === undefined) return [`${record.image} was written again`];
    return sha256(record.image) === record.sha256 ? [] : [`${record.image} has changed`];
  });
}
