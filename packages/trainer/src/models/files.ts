import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';

/** The system's code of a failed file operation. By shape, not `instanceof`: errors of another realm count too. */
function errorCode(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

/** Why a file operation failed, in words a user can act on. */
export function fileProblem(error: unknown): string {
  const code = errorCode(error);
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it';
  return error instanceof Error ? error.message : String(error);
}

/**
 * The text of a file.
 *
 * @throws Error naming the file, when it cannot be read.
 */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`${path}: ${fileProblem(error)}`, { cause: error });
  }
}

/**
 * The value of a JSON file.
 *
 * @throws Error naming the file, when it cannot be read or is not JSON.
 */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readText(path), path);
}

/** As {@link readText}, at once: for small files of a run folder. */
export function readTextSync(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${path}: ${fileProblem(error)}`, { cause: error });
  }
}

/** As {@link readJson}, at once: for small files of a run folder. */
export function readJsonSync(path: string): unknown {
  return parseJson(readTextSync(path), path);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`${path}: not valid JSON (${fileProblem(error)})`, { cause: error });
  }
}

/** The error of {@link readText} for a file that is not there becomes undefined. */
async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && errorCode(error.cause) === 'ENOENT') return undefined;
    throw error;
  }
}

/** As {@link readText}; undefined when there is no such file. */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  return unlessMissing(readText(path));
}

/** As {@link readJson}; undefined when there is no such file. */
export async function readJsonIfPresent(path: string): Promise<unknown> {
  return unlessMissing(readJson(path));
}

/**
 * Writes a file so that a kill at any moment leaves either the old file or the new one, whole: to a temporary name
 * beside it, flushed to disk, then renamed.
 */
export async function replaceFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes a value as indented JSON through {@link replaceFile}. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await replaceFile(path, async (file) => {
    await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
  });
}

/** Writes a small file of a run folder, so that a reader finds the old one or the new one, never half of one. */
export function replaceTextSync(path: string, text: string): void {
  writeFileSync(`${path}.partial`, text);
  renameSync(`${path}.partial`, path);
}
