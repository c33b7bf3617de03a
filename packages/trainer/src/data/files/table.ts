import { readFileSync } from 'node:fs';
import path from 'node:path';
import Papa from 'papaparse';
import { fileProblem } from '../../models/files.js';
import { linesOf } from './lines.js';
import { DataProblem } from './problem.js';
import type { RawRow } from './raw-row.js';

/**
 * The rows of a table with a header: `.csv`, `.tsv` or `.xlsx` (its first sheet). Values are text, in a spreadsheet also
 * numbers; a cell with nothing in it is left out of its row.
 */
export async function tableRows(file: string): Promise<Iterable<RawRow | DataProblem>> {
  const extension = path.extname(file).toLowerCase();
  if (extension === '.xlsx') return recordsOf(file, await readWorkbook(file));
  if (extension === '.csv' || extension === '.tsv') return textRows(file, extension === '.csv' ? ',' : '\t');
  throw new DataProblem(file, undefined, undefined, `must be a .csv, .tsv or .xlsx file, got '${extension}'`);
}

function* textRows(file: string, delimiter: string): Generator<RawRow | DataProblem> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new DataProblem(file, undefined, undefined, fileProblem(error), { cause: error });
  }
  const { data, errors } = Papa.parse<string[]>(text, { delimiter, skipEmptyLines: false });
  const broken = errors[0];
  if (broken) throw new DataProblem(file, (broken.row ?? 0) + 1, undefined, `not a table: ${broken.message}`);
  yield* recordsOf(file, data);
}

async function readWorkbook(file: string): Promise<readonly (readonly unknown[])[]> {
  const { readSheet } = await import('read-excel-file/node'); // loaded only where there is a spreadsheet
  try {
    return await readSheet(readFileSync(file));
  } catch (error) {
    throw new DataProblem(file, undefined, undefined, `not a readable spreadsheet: ${fileProblem(error)}`, { cause: error }); // prettier-ignore
  }
}

function* recordsOf(file: string, table: readonly (readonly unknown[])[]): Generator<RawRow | DataProblem> {
  const names = (table[0] ?? []).map((name) => (isEmpty(name) ? '' : String(name as string | number).trim()));
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) !== i);
  if (twice !== undefined) throw new DataProblem(file, 1, twice, 'is the name of two columns');
  for (let i = 1; i < table.length; i++) {
    const cells = table[i]!;
    if (cells.every(isEmpty)) continue;
    if (cells.length > names.length) {
      yield new DataProblem(file, i + 1, undefined, `has ${cells.length} cells, but there are ${names.length} columns`);
      continue;
    }
    const value: Record<string, unknown> = {};
    cells.forEach((cell, k) => {
      if (!isEmpty(cell)) value[names[k]!] = typeof cell === 'string' ? cell.trim() : cell;
    });
    yield { row: i + 1, value };
  }
}

const isEmpty = (cell: unknown) => cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === ''); // prettier-ignore

/** The words of each line of a `.txt` file without a header. */
export function* wordRows(file: string): Generator<{ row: number; words: string[] }> {
  for (const { row, text } of linesOf(file)) yield { row, words: text.split(/\s+/) };
}
