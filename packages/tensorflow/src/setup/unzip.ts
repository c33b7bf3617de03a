import { createWriteStream } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import yauzl from 'yauzl';

const openZip = promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open);

/**
 * Unpacks the entries of a zip file that `wanted` picks into `folder`, under their own names.
 *
 * @returns how many entries those were
 * @throws Error when the file is no zip file or cut short
 */
export async function unzip(file: string, folder: string, wanted: (name: string) => boolean): Promise<number> {
  const zip = await openZip(file, { lazyEntries: true, autoClose: false }).catch((error: unknown) => {
    throw new Error(`setup: ${file} is not a whole zip file (${(error as Error).message})`);
  });
  try {
    let unpacked = 0;
    for (let entry = await nextEntry(zip); entry !== undefined; entry = await nextEntry(zip)) {
      if (entry.fileName.endsWith('/') || !wanted(entry.fileName)) continue;
      await unpack(zip, entry, join(folder, entry.fileName));
      unpacked++;
    }
    return unpacked;
  } finally {
    zip.close();
  }
}

function nextEntry(zip: yauzl.ZipFile): Promise<yauzl.Entry | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void) => () => {
      zip.removeAllListeners();
      action();
    };
    zip.once('entry', (entry: yauzl.Entry) => settle(() => resolve(entry))());
    zip.once(
      'end',
      settle(() => resolve(undefined)),
    );
    zip.once('error', (error: Error) => settle(() => reject(error))());
    zip.readEntry();
  });
}

function openEntry(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
  });
}

async function unpack(zip: yauzl.ZipFile, entry: yauzl.Entry, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const stream = await openEntry(zip, entry);
  await pipeline(stream, createWriteStream(target)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new Error(`setup: the disk is full (${target})`, { cause: error });
    throw error;
  });
  if (((entry.externalFileAttributes >>> 16) & 0o111) !== 0) await chmod(target, 0o755); // programs, such as ptxas
}
