import { readFileSync } from 'node:fs';
import path from 'node:path';
import Papa from 'papaparse';
import { fileProblem } from '../../models/files.js';
import { allLines, linesOf } from './lines.js';
import { DataProblem } from './problem.js';
import type { RawRow } from './raw-row.js';

/**
 * The rows of a table with a header: `.csv`, `.tsv` or `.xlsx` (its first sheet). Values are text, in a spreadsheet also
 * numbers; a cell with nothing in it is left out of its row.
 *
 * @param wanted - names of the columns that are read
 */
export async function tableRows(file: string, wanted: readonly string[]): Promise<Iterable<RawRow | DataProblem>> {
  const extension = path.extname(file).toLowerCase();
  if (extension === '.xlsx') return recordsOf(file, await sheetCells(file), wanted);
  if (extension === '.csv') return recordsOf(file, textCells(file, ','), wanted);
  if (extension === '.tsv') return recordsOf(file, textCells(file, '\t'), wanted);
  throw new DataProblem(file, undefined, undefined, `must be a .csv, .tsv or .xlsx file, got '${extension}'`);
}

/** Cells of a row, and its number. */
interface Cells {
  readonly row: number;
  readonly cells: readonly unknown[];
}

const BLOCK = 200;

/** Parses some lines at a time, so that a large table is never in memory whole. A block ends outside of quotes. */
function* textCells(file: string, delimiter: string): Generator<Cells> {
  let block: string[] = [];
  let quoted = false;
  let start = 1;
  for (const { row, text } of allLines(file)) {
    block.push(text);
    if (text.split('"').length % 2 === 0) quoted = !quoted;
    if (quoted || block.length < BLOCK) continue;
    yield* parseBlock(file, block, start, delimiter);
    block = [];
    start = row + 1;
  }
  yield* parseBlock(file, block, start, delimiter);
}

function* parseBlock(file: string, lines: readonly string[], start: number, delimiter: string): Generator<Cells> {
  if (lines.length === 0) return;
  const { data, errors } = Papa.parse<string[]>(lines.join('\n'), { delimiter, newline: '\n' });
  const broken = errors[0];
  if (broken) throw new DataProblem(file, start + (broken.row ?? 0), undefined, `not a table: ${broken.message}`);
  let row = start;
  for (const cells of data) {
    yield { row, cells };
    row += data.length === lines.length ? 1 : cells.join('').split('\n').length; // a cell may hold line ends
  }
}

async function sheetCells(file: string): Promise<Cells[]> {
  const { readSheet } = await import('read-excel-file/node'); // loaded only where there is a spreadsheet
  try {
    return (await readSheet(readFileSync(file))).map((cells, i) => ({ row: i + 1, cells }));
  } catch (error) {
    const problem = `not a readable spreadsheet: ${fileProblem(error)}`;
    throw new DataProblem(file, undefined, undefined, problem, { cause: error });
  }
}

function* recordsOf(file: string, rows: Iterable<Cells>, wanted: readonly string[]): Generator<RawRow | DataProblem> {
  let names: string[] | undefined;
  for (const { row, cells } of rows) {
    if (names === undefined) names = columnNames(file, row, cells);
    else if (cells.length > names.length) {
      yield new DataProblem(file, row, undefined, `has ${cells.length} cells, but there are ${names.length} columns`);
    } else if (!cells.every(isEmpty)) {
      const value: Record<string, unknown> = {};
      for (const name of wanted) {
        const cell = cells[names.indexOf(name)];
        if (!isEmpty(cell)) value[name] = typeof cell === 'string' ? copyOf(cell.trim()) : cell;
      }
      yield { row, value };
    }
  }
}

function columnNames(file: string, row: number, cells: readonly unknown[]): string[] {
  const names = cells.map((name) => (isEmpty(name) ? '' : String(name as string | number).trim()));
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) !== i);
  if (twice !== undefined) throw new DataProblem(file, row, twice, 'is the name of two columns');
  return names;
}

/** A text of its own: a part of a larger one would keep all of that in memory. */
const copyOf = (text: string) => Buffer.from(text).toString();

const isEmpty = (cell: unknown) => cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === ''); // prettier-ignore

/** The words of each line of a `.txt` file without a header. */
export function* wordRows(file: string): Generator<{ row: number; words: string[] }> {
  for (const { row, text } of linesOf(file)) yield { row, words: text.split(/\s+/) };
}
