import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { replaceTextSync } from '../../models/files.js';
import { parseJson } from '../parse-json.js';
import type { ManifestRow } from './make.js';

const WHOLE = 'manifest.jsonl';
const PART = /^manifest\.\d+\.jsonl$/;

const partsOf = (folder: string) => readdirSync(folder).filter((name) => PART.test(name));

/** All rows in a folder, by the picture they describe: the manifest's, and those of parts not yet joined to it. */
export function readManifest(folder: string): Map<string, ManifestRow> {
  const rows = new Map<string, ManifestRow>();
  for (const name of [WHOLE, ...partsOf(folder)]) {
    const file = path.join(folder, name);
    if (!existsSync(file)) continue;
    // A last line without its end is what a kill left.
    for (const [i, line] of readFileSync(file, 'utf8').split('\n').slice(0, -1).entries()) {
      const row = parseJson(line, `${file}, row ${i + 1}`) as ManifestRow;
      rows.set(row.img_lq, row);
    }
  }
  return rows;
}

/** Adds a row to a worker's own part. */
export function appendRow(folder: string, part: number, row: ManifestRow): void {
  appendFileSync(path.join(folder, `manifest.${part}.jsonl`), `${JSON.stringify(row)}\n`);
}

/** Writes the whole manifest in the order given, and removes the parts. */
export function writeManifest(folder: string, rows: readonly ManifestRow[]): string {
  const file = path.join(folder, WHOLE);
  replaceTextSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  for (const name of partsOf(folder)) rmSync(path.join(folder, name));
  return file;
}
