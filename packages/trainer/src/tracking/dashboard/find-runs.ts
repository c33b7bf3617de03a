import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { SETTINGS_FILE } from '../../config/run-folder.js';

/** A run's folder under the name the dashboard calls it by. */
export interface NamedRun {
  readonly name: string;
  readonly folder: string;
}

const isRun = (folder: string) => existsSync(join(folder, SETTINGS_FILE));

/**
 * Checks that folders can be shown: each is a run, holds runs, or is empty, so that a run may still come.
 *
 * @throws Error naming the folder
 */
export function checkFolders(folders: readonly string[]): void {
  for (const folder of folders) {
    if (!existsSync(folder)) throw new Error(`${folder}: no such folder`);
    if (!statSync(folder).isDirectory()) throw new Error(`${folder}: expected a folder, got a file`);
    if (readdirSync(folder).length > 0 && runsIn(folder).length === 0) {
      throw new Error(`${folder}: holds no run (there is no ${SETTINGS_FILE} in it or in a folder in it)`);
    }
  }
}

/** The runs that are there now, by name. One that lies in several of the folders, or is a folder itself, comes once. */
export function findRuns(folders: readonly string[]): NamedRun[] {
  const found = [...new Set(folders.flatMap(runsIn).map((folder) => resolve(folder)))];
  const isTaken = (name: string) => found.filter((folder) => basename(folder) === name).length > 1;
  return found
    .map((folder) => ({ name: isTaken(basename(folder)) ? folder : basename(folder), folder }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

function runsIn(folder: string): string[] {
  if (isRun(folder)) return [folder];
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.map(({ name }) => join(folder, name)).filter(isRun);
}
