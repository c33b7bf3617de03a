import TextTable from 'cli-table3';
import pc from 'picocolors';
import { measureNames, wholeCell, type Table } from './table.js';

/** A table for a terminal. */
export function tableText(table: Table): string {
  const grid = new TextTable({
    head: [table.corner, ...table.columns.map(({ name }) => name)],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    colAligns: ['left', ...table.columns.map(() => 'right' as const)],
  });
  for (const row of table.rows) {
    const cells = [row.name, ...table.columns.map((_, i) => wholeCell(table, row, i))];
    grid.push(row.own ? cells.map((text) => pc.bold(text)) : cells);
  }
  const measures = measureNames(table);
  const title = pc.bold(measures === '' ? table.title : `${table.title} (${measures})`);
  return [title, grid.toString(), ...table.notes.map((note) => pc.dim(note))].join('\n');
}
