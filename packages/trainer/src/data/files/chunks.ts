import { closeSync, openSync, readSync } from 'node:fs';
import { fileProblem } from '../../models/files.js';
import { DataProblem } from './problem.js';

const SIZE = 1 << 20;

/** A file's bytes in pieces of a megabyte, so that a large one is never in memory whole. Each piece is only good until the next. */
export function* chunksOf(file: string): Generator<Buffer> {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch (error) {
    throw new DataProblem(file, undefined, undefined, fileProblem(error), { cause: error });
  }
  try {
    const buffer = Buffer.allocUnsafe(SIZE);
    for (let read = readChunk(file, handle, buffer); read > 0; read = readChunk(file, handle, buffer)) {
      yield buffer.subarray(0, read);
    }
  } finally {
    closeSync(handle);
  }
}

function readChunk(file: string, handle: number, buffer: Buffer): number {
  try {
    return readSync(handle, buffer, 0, buffer.length, null);
  } catch (error) {
    throw new DataProblem(file, undefined, undefined, fileProblem(error), { cause: error });
  }
}
