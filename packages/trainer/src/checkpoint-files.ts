import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What the files of a checkpoint were when it was written, by name. */
export type FileRecords = Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;

export const fileRecordsSchema = z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() }));

const CHUNK_BYTES = 1 << 22;

/** SHA-256 of a file's content, read in pieces. */
export function sha256(file: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const handle = openSync(file, 'r');
  try {
    for (let read = readSync(handle, chunk); read > 0; read = readSync(handle, chunk))
      hash.update(chunk.subarray(0, read));
  } finally {
    closeSync(handle);
  }
  return hash.digest('hex');
}

/** Records the files of a folder. */
export function recordFiles(folder: string): FileRecords {
  const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? entry.name : []));
  const record = (name: string) => ({ bytes: statSync(join(folder, name)).size, sha256: sha256(join(folder, name)) });
  return Object.fromEntries(names.sort().map((name) => [name, record(name)]));
}

/** @throws Error naming the first file that is no longer what was recorded: missing, of another length or of other content. */
export function checkFiles(folder: string, records: FileRecords): void {
  for (const [name, { bytes, sha256: expected }] of Object.entries(records)) {
    const file = join(folder, name);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) throw new Error(`${file}: missing`);
    if (size !== bytes) throw new Error(`${file}: damaged: ${size} bytes, ${bytes} when it was written`);
    if (sha256(file) !== expected) throw new Error(`${file}: damaged: not the bytes that were written`);
  }
}
