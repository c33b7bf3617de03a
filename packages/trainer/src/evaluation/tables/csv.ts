import type { Table } from './table.js';

/** A table as comma-separated values (RFC 4180): full precision, one column for each measure, nothing where none is known. */
export function tableCsv(table: Table): string {
  const heads = table.columns.flatMap(({ name }) => table.measures.map((measure) => `${name} ${measure}`.trim()));
  const lines = [
    [table.corner, ...heads, 'own'],
    ...table.rows.map((row) => [row.name, ...row.cells.flat().map((value) => value ?? ''), row.own ? 'yes' : 'no']),
  ];
  return lines.map((line) => `${line.map(field).join(',')}\r\n`).join('');
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
