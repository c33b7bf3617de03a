import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chunksOf } from './chunks.js';
import { linesOf } from './lines.js';
import { DataProblem } from './problem.js';
import type { RawRow } from './raw-row.js';

/** The objects of a `.jsonl` file, one a line. */
export function* jsonLines(file: string): Generator<RawRow | DataProblem> {
  for (const { row, text } of linesOf(file)) yield parseElement(file, row, text);
}

/** The objects of the `.json` files of a folder, one each, in the order of their names; the row is a file's place in it. */
export function* jsonFiles(folder: string): Generator<RawRow | DataProblem> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json')).sort(); // prettier-ignore
  for (const [i, name] of names.entries()) {
    const file = path.join(folder, name);
    const read = parseElement(file, i + 1, readFileSync(file, 'utf8'));
    yield read instanceof DataProblem ? read : { ...read, file };
  }
}

const code = (character: string) => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = ['"', '\\', ',', '[', ']', '{', '}'].map(code); // prettier-ignore

/**
 * The elements of a `.json` file that holds an array, one after the other: a file of gigabytes costs no more memory than
 * its rows. Only strings and brackets are looked at here; each element is then parsed on its own.
 */
export function* jsonArray(file: string): Generator<RawRow | DataProblem> {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let row = 0;
  let element: Buffer[] = [];
  for (const chunk of chunksOf(file)) {
    let start = 0;
    const cut = (end: number) => {
      const bytes = chunk.subarray(start, end);
      const text = (element.length === 0 ? bytes : Buffer.concat([...element, bytes])).toString('utf8').trim();
      element = [];
      start = end + 1;
      return text;
    };
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN || byte === OPEN_OBJECT) {
        depth += 1;
        if (depth === 1) {
          const before = cut(i).replace(/^\uFEFF/, '');
          if (byte !== OPEN || before !== '' || row > 0) throw notArray(file);
        }
      } else if (byte === CLOSE || byte === CLOSE_OBJECT || (byte === COMMA && depth === 1)) {
        if (depth === 1) {
          const text = cut(i);
          if (text !== '' || byte === COMMA || row > 0) yield parseElement(file, ++row, text);
        }
        if (byte !== COMMA) depth -= 1;
        if (depth < 0) throw notArray(file);
      }
    }
    if (start < chunk.length) element.push(Buffer.from(chunk.subarray(start)));
  }
  if (depth > 0) throw new DataProblem(file, row + 1, undefined, 'is cut off: the file ends inside it');
  if (Buffer.concat(element).toString('utf8').trim() !== '') throw notArray(file);
}

const notArray = (file: string) =>
  new DataProblem(file, undefined, undefined, 'must hold an array of rows (or name it .jsonl, one row a line)');

function parseElement(file: string, row: number, text: string): RawRow | DataProblem {
  try {
    return { row, value: JSON.parse(text) as unknown };
  } catch (error) {
    // Python writes numbers that are not finite, which JSON does not know.
    const field = /"((?:[^"\\]|\\.)*)"\s*:\s*(NaN|-?Infinity)\b/.exec(text);
    if (field) return new DataProblem(file, row, field[1], `must be a finite number, got ${field[2]!}`);
    return new DataProblem(file, row, undefined, `not JSON: ${(error as Error).message}`, { cause: error });
  }
}
