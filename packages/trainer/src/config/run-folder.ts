import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { stringify } from 'yaml';
import { loadSettings } from './load.js';
import type { Override } from './override.js';
import type { Settings } from './schema.js';

/** Name of the resolved settings in a run folder. */
export const SETTINGS_FILE = 'settings.yaml';

const pad = (value: number) => String(value).padStart(2, '0');

/** `runs/<recipe name>-<date-time>`, local time, so that runs sort by age. */
export function defaultRunFolder(recipeFile: string, now: Date): string {
  const name = basename(recipeFile, extname(recipeFile));
  const date = [now.getFullYear(), pad(now.getMonth() + 1), pad(now.getDate())].join('');
  const time = [pad(now.getHours()), pad(now.getMinutes()), pad(now.getSeconds())].join('');
  return join('runs', `${name}-${date}-${time}`);
}

/**
 * The run folder that was started last: a folder below `root` with a settings file.
 *
 * @throws when there is none
 */
export function newestRun(root = 'runs'): string {
  const folders = existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : [];
  const runs = folders
    .filter((folder) => existsSync(join(folder, SETTINGS_FILE)))
    .map((folder) => ({ folder, time: statSync(join(folder, SETTINGS_FILE)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  const newest = runs[0];
  if (newest === undefined) {
    throw new Error(`no run found in '${root}': name a run folder, or make one with 'q-insight train RECIPE'`);
  }
  return newest.folder;
}

/** Writes the resolved settings into the run folder, which is made when missing. */
export function writeRunSettings(folder: string, settings: Settings): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, SETTINGS_FILE), stringify(settings));
}

/**
 * Reads back what {@link writeRunSettings} wrote.
 *
 * @param overrides - changes from the command line
 */
export function readRunSettings(folder: string, overrides: readonly Override[] = []): Settings {
  const file = join(folder, SETTINGS_FILE);
  if (!existsSync(file)) throw new Error(`${folder}: not a run folder (no ${SETTINGS_FILE} in it)`);
  return loadSettings(file, overrides);
}

/** What may change when a run is resumed: where it is written and shown, how long it goes on, how often it is saved, how it is judged. */
const FREE = [
  'output',
  'trackers',
  'completionsEvery',
  'steps',
  'timeLimitMinutes',
  'saveEvery',
  'keep',
  'evaluate',
  'sampler',
];

/** Every plain value by its key path, sorted: `['grpo.beta', '0.01']`. */
export function flatten(value: unknown, path = ''): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[path, JSON.stringify(value)]];
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return entries
    .flatMap(([key, item]) => flatten(item, path === '' ? key : `${path}.${key}`))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The same of how much goes through the model at a time, of where a server is, which may move, and what is done when it is away. */
const FREE_PATHS = ['grpo.microBatch', 'model.tinker.url', 'model.tinker.outageMinutes', 'model.tinker.recoveries'];

const decisive = (settings: Settings) =>
  flatten(settings).filter(([path]) => !FREE.includes(path.split('.')[0]!) && !FREE_PATHS.includes(path));

/** A fingerprint of the settings that decide the numbers of a run. */
export function settingsHash(settings: Settings): string {
  return createHash('sha256')
    .update(JSON.stringify(decisive(settings)))
    .digest('hex')
    .slice(0, 16);
}

/** Settings that decide a run's numbers and differ, as `grpo.beta (0.001, now 0.1)`. */
export function decisiveDifferences(before: Settings, now: Settings): string[] {
  const [old, fresh] = [new Map(decisive(before)), new Map(decisive(now))];
  const paths = [...new Set([...old.keys(), ...fresh.keys()])].filter((path) => old.get(path) !== fresh.get(path));
  return paths.map((path) => `${path} (${old.get(path) ?? 'default'}, now ${fresh.get(path) ?? 'default'})`);
}
