import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { checkRow } from '../config/row.js';
import { decodeImage } from '../images/decode.js';
import { parseJson } from './parse-json.js';
import type { RgbImage } from './prompt.js';

const splitSchema = z.strictObject({ train: z.array(z.string()).min(1), heldOut: z.array(z.string()).min(1) });

/**
 * Names of the photographs of one side of a split, from the `split.json` in their folder.
 * @throws when the file is missing or misshapen, or a photograph is on both sides; names the file.
 */
export function readSplit(folder: string, side: 'train' | 'heldOut'): string[] {
  const file = path.join(folder, 'split.json');
  if (!existsSync(file)) throw new Error(`${file}: not found; expected {"train": [names], "heldOut": [names]}`);
  const split = checkRow(splitSchema, parseJson(readFileSync(file, 'utf8'), file), file);
  const both = split.train.filter((name) => split.heldOut.includes(name));
  if (both.length > 0) throw new Error(`${file}: held-out photographs must not be trained on: ${both.join(', ')}`);
  return split[side];
}

/** Photographs of a folder, each decoded once and kept. A failed one is tried again when asked for again. */
export function photoReader(folder: string, names: readonly string[]): (name: string) => Promise<RgbImage> {
  if (names.length === 0) throw new Error(`photographs of ${folder}: expected at least one name, got none`);
  for (const name of names) {
    if (!existsSync(path.join(folder, name))) throw new Error(`${path.join(folder, name)}: photograph not found`);
  }
  const decoded = new Map<string, RgbImage>();
  return async (name) => {
    const known = decoded.get(name);
    if (known !== undefined) return known;
    const photo = { ...(await decodeImage(path.join(folder, name))), name };
    decoded.set(name, photo);
    return photo;
  };
}
