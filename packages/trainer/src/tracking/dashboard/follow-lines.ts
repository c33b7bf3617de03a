import { open, type FileHandle } from 'node:fs/promises';
import { parseObject } from '../jsonl.js';

/** What is told while a file is followed. */
export interface LineListener {
  /** The file is not what it was, or is there for the first time: everything comes again. */
  readonly onRestart: () => void;
  readonly onRow: (row: object) => void;
}

/** How many bytes are read at a time; other work goes on in between. */
const CHUNK = 2 ** 20;
/** How much of what was read last is compared with the file, to see that it has only grown. */
const TAIL = 256;
const NEWLINE = 10;

/**
 * Follows a file of one JSON object a line that another process writes. Each call of the returned function reads what has been
 * added, up to the last whole line, and waits for a call before it. A line that holds no object is passed over: what a kill left
 * of it goes when the run is resumed.
 */
export function followLines(file: string, { onRestart, onRow }: LineListener): () => Promise<void> {
  let position = 0;
  let tail = Buffer.alloc(0);
  let last = Promise.resolve();

  function restart(): void {
    if (position > 0) onRestart();
    position = 0;
    tail = Buffer.alloc(0);
  }

  /** Whether the file still holds what was read of it. */
  async function hasOnlyGrown(handle: FileHandle): Promise<boolean> {
    const start = position - tail.length;
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(tail.length), 0, tail.length, start);
    return bytesRead === tail.length && buffer.equals(tail);
  }

  async function readOn(): Promise<void> {
    const handle = await openIfPresent(file);
    if (handle === undefined) {
      restart();
      return;
    }
    try {
      if (!(await hasOnlyGrown(handle))) restart();
      for (let size = CHUNK; ;) {
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(size), 0, size, position);
        const end = buffer.lastIndexOf(NEWLINE, bytesRead - 1) + 1;
        if (bytesRead === 0 || (end === 0 && bytesRead < size)) return; // the rest of the line is still to come
        if (end === 0) {
          size *= 2;
          continue;
        }
        const whole = buffer.subarray(0, end);
        for (const line of whole.toString().split('\n')) {
          const row = line === '' ? undefined : parseObject(line);
          if (row !== undefined) onRow(row);
        }
        position += end;
        tail = Buffer.concat([tail, whole.subarray(-TAIL)]).subarray(-TAIL);
      }
    } finally {
      await handle.close();
    }
  }

  return () => (last = last.then(readOn, readOn));
}

/** Undefined when there is no such file (any more). */
export async function openIfPresent(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
