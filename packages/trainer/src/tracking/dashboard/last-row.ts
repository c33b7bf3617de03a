import { parseObject } from '../jsonl.js';
import { openIfPresent } from './follow-lines.js';

/** The end of a file that is sure to hold a whole line of figures. */
const END = 2 ** 16;

/**
 * The last object of a file of one JSON object a line, without reading the rest.
 *
 * @returns an empty row for a file that is not there or has none; `changed` is the time of its last change, in ms since 1970
 */
export async function lastRow(
  file: string,
): Promise<{ row: Readonly<Record<string, unknown>>; changed: number | null }> {
  const handle = await openIfPresent(file);
  if (handle === undefined) return { row: {}, changed: null };
  try {
    const { size, mtimeMs } = await handle.stat();
    const start = Math.max(0, size - END);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    const last = lines.findLast((line) => parseObject(line) !== undefined);
    return { row: parseObject(last ?? '{}') as Record<string, unknown>, changed: mtimeMs };
  } finally {
    await handle.close();
  }
}
