import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { decodeImage } from '../../images/decode.js';

/** What an image file turned out to be. */
export interface ImageCheck {
  /** SHA-256 of the file; undefined when it could not be read. */
  readonly hash: string | undefined;
  readonly problem: { readonly kind: 'unreadable' | 'too small'; readonly text: string } | undefined;
}

/** Reads and decodes an image file whole. */
export async function checkImage(file: string, smallestSide: number): Promise<ImageCheck> {
  let hash: string | undefined;
  try {
    const bytes = await readFile(file);
    hash = createHash('sha256').update(bytes).digest('hex');
    const { width, height } = await decodeImage(bytes, file);
    if (Math.min(width, height) >= smallestSide) return { hash, problem: undefined };
    const text = `${file}: ${width}x${height} pixels, below ${smallestSide} on a side`;
    return { hash, problem: { kind: 'too small', text } };
  } catch (error) {
    return { hash, problem: { kind: 'unreadable', text: (error as Error).message } };
  }
}

/** Runs a job for each item, a few at a time. */
export async function eachOf<T>(items: readonly T[], width: number, job: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await job(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
