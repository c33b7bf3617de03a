import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonArray, jsonLines } from '../../src/data/files/json.js';
import { DataProblem } from '../../src/data/files/problem.js';
import { tableRows } from '../../src/data/files/table.js';
import { temporaryFolder } from '../helpers/temporary.js';

const folder = temporaryFolder();
function write(name: string, content: string | Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}
const values = (rows: Iterable<{ row: number; value: unknown } | DataProblem>) =>
  [...rows].map((row) => (row instanceof DataProblem ? row.message : row.value));

describe('a JSON array, read in pieces', () => {
  test('gives what JSON.parse gives, whatever is in strings and however it is spaced', () => {
    fc.assert(
      fc.property(
        fc.array(fc.json().map((text) => JSON.parse(text) as unknown)),
        fc.constantFrom(undefined, 2),
        (rows, indent) => {
          // prettier-ignore
          const file = write('any.json', JSON.stringify(rows, null, indent));
          expect(values(jsonArray(file))).toEqual(rows);
        },
      ),
    );
  });

  test('also where an element, a character or a string lies across two pieces of a megabyte', () => {
    const long = 'é"\\[{,'.repeat(60_000); // half a megabyte in the file
    const rows = Array.from({ length: 9 }, (_, i) => ({ i, long }));
    const text = JSON.stringify(rows);
    // by text: a difference between megabytes takes minutes to print
    expect(JSON.stringify(values(jsonArray(write('long.json', text)))) === text).toBe(true);
    const lines = rows.map((row) => JSON.stringify(row)).join('\r\n');
    expect(JSON.stringify(values(jsonLines(write('long.jsonl', lines)))) === text).toBe(true);
  });

  test('a byte-order mark is no part of it', () => {
    expect(values(jsonArray(write('bom.json', '\uFEFF[1]')))).toEqual([1]);
    expect(values(jsonLines(write('bom.jsonl', '\uFEFF{"a":1}\n\n2\n')))).toEqual([{ a: 1 }, 2]);
  });

  test.each([
    ['an object', '{"a": [1]}', /any2\.json: must hold an array of rows/],
    ['two arrays', '[1] [2]', /any2\.json: must hold an array of rows/],
    ['text after it', '[1] x', /any2\.json: must hold an array of rows/],
    ['text before it', 'x [1]', /any2\.json: must hold an array of rows/],
    ['a file cut off in a row', '[{"a": 1}, {"a":', /any2\.json, row 2: is cut off/],
    ['a file cut off between rows', '[{"a": 1},', /any2\.json, row 2: is cut off/],
  ])('refuses %s', (_, text, message) => {
    expect(() => values(jsonArray(write('any2.json', text)))).toThrow(message);
  });

  test.each([
    ['[1,,2]', 2],
    ['[1,2,]', 3],
    ['[,1]', 1],
    ['[1 2]', 1],
    ['[{"a":NaN}]', 1],
  ])('%s: row %d is none', (text, row) => {
    const bad = [...jsonArray(write('rows.json', text))].find((value) => value instanceof DataProblem);
    expect(bad).toMatchObject({ row });
  });

  test('an empty array has no rows, a missing file is named', () => {
    expect(values(jsonArray(write('none.json', ' [ ] ')))).toEqual([]);
    expect(() => values(jsonArray(join(folder, 'gone.json')))).toThrow(/gone\.json: no such file/);
  });
});

describe('tables', () => {
  const read = async (name: string, text: string, wanted = ['a', 'b']) => [
    ...(await tableRows(write(name, text), wanted)),
  ];

  test('rows are counted as an editor does, across quoted line ends and blank lines', async () => {
    expect(await read('t.csv', '\uFEFFa,b\r\n1,"x\ny"\r\n\r\n2," ""z"" "\r\n')).toEqual([
      { row: 2, value: { a: '1', b: 'x\ny' } },
      { row: 5, value: { a: '2', b: '"z"' } },
    ]);
    expect(await read('t.tsv', 'b\ta\n1,5\t2\n')).toEqual([{ row: 2, value: { a: '2', b: '1,5' } }]);
  });

  test('a large one keeps its order and its numbers', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `${i},"q${i}${i % 6 === 3 ? '\n' : ''}"`);
    const rows = await read('large.csv', `a,b\n${lines.join('\n')}\n`);
    expect(rows).toHaveLength(5000);
    rows.forEach((row, i) => {
      const before = lines.slice(0, i).join('\n').split('\n').length - (i === 0 ? 1 : 0);
      if (i % 499 === 0) expect(row).toEqual({ row: before + 2, value: { a: `${i}`, b: `q${i}` } });
    });
  });

  test('a column named twice, an open quote, another kind of file', async () => {
    await expect(read('twice.csv', 'a,b,a\n1,2,3\n')).rejects.toThrow(
      /twice\.csv, row 1: 'a' is the name of two columns/,
    );
    await expect(read('quote.csv', 'a,b\n1,"2\n')).rejects.toThrow(/quote\.csv, row 2: not a table/);
    await expect(read('t.ods', 'a,b\n')).rejects.toThrow(/t\.ods: must be a \.csv, \.tsv or \.xlsx file, got '\.ods'/);
    await expect(read('t.xlsx', 'a,b\n')).rejects.toThrow(/t\.xlsx: not a readable spreadsheet/);
  });
});
