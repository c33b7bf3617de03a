import { measureNames, wholeCell, type Table } from './table.js';

const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '–': '--',
  '−': '$-$',
  ε: '$\\varepsilon$',
  κ: '$\\kappa$',
};

/** Text as LaTeX prints it. */
export const escapeLatex = (text: string): string =>
  text.replaceAll(/[\\~^–−εκ]|[&%$#_{}]/g, (character) => SPECIAL[character] ?? `\\${character}`);

/** A table for a paper; needs the package booktabs. */
export function tableLatex(table: Table): string {
  const line = (cells: readonly string[]) => `    ${cells.map(escapeLatex).join(' & ')} \\\\`;
  const published = table.rows.filter(({ own }) => !own);
  const own = table.rows.filter((row) => row.own);
  const lines = (rows: typeof own) => rows.map((row) => line([row.name, ...table.columns.map((_, i) => wholeCell(table, row, i))])); // prettier-ignore
  const measures = measureNames(table);
  const caption = [measures === '' ? `${table.title}.` : `${table.title} (${measures}).`, ...table.notes].join(' ');
  return [
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${escapeLatex(caption)}}`,
    `  \\label{tab:${table.id}}`,
    `  \\begin{tabular}{l${'r'.repeat(table.columns.length)}}`,
    '    \\toprule',
    line([table.corner, ...table.columns.map(({ name }) => name)]),
    '    \\midrule',
    ...lines(published),
    ...(published.length > 0 && own.length > 0 ? ['    \\midrule'] : []),
    ...lines(own),
    '    \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}
