import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { sha256 } from '../checkpoint-files.js';
import type { DataSource } from '../config/schema.js';
import { readSplit } from './photos.js';

/** SHA-256 of each file that says what a run learns from and is judged on, by path. */
export type Fingerprints = Readonly<Record<string, string>>;

/**
 * Fingerprints of label files, the splits they are cut by, and photographs that are degraded on the fly. The images that label files
 * name are left out: reading a million of them takes hours (`q-insight data check` does).
 */
export function dataFingerprints(sources: readonly DataSource[]): Fingerprints {
  const files = new Set(sources.flatMap(filesOf));
  return Object.fromEntries([...files].sort().map((file) => [file, sha256(file)]));
}

function filesOf(source: DataSource): string[] {
  if (source.kind === 'joint') return source.sets.flatMap(filesOf);
  if (source.kind === 'photos') {
    const names = (['train', 'heldOut'] as const).flatMap((side) => readSplit(source.folder, side));
    const photos = names.map((name) => path.join(source.folder, name)).filter((file) => existsSync(file));
    return [path.join(source.folder, 'split.json'), ...photos];
  }
  const split = 'split' in source && source.split ? [source.split.file] : [];
  return [...labelFiles(source.file), ...split];
}

/** DQ-495K's generator writes a folder of files. */
function labelFiles(file: string): string[] {
  if (!statSync(file).isDirectory()) return [file];
  return readdirSync(file).filter((name) => name.endsWith('.json')).map((name) => path.join(file, name)); // prettier-ignore
}

/** What is not as it was, in words: `labels.jsonl has changed, photos/a.jpg is new`. */
export function changedFiles(before: Fingerprints, now: Fingerprints): string[] {
  const files = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return files.flatMap((file) => {
    if (before[file] === now[file]) return [];
    if (before[file] === undefined) return [`${file} is new`];
    return [now[file] === undefined ? `${file} is no longer used` : `${file} has changed`];
  });
}
