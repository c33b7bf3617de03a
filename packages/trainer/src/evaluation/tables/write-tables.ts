import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile, writeJson } from '../../models/files.js';
import type { SetMeasures } from '../measure-answers.js';
import { tableCsv } from './csv.js';
import { confusionTables, degradationDetails, scoreDetails } from './detail-tables.js';
import { tableLatex } from './latex.js';
import { tablesPage } from './page.js';
import { comparisonTable, degradationTable, scoreTable } from './paper-tables.js';
import type { Table } from './table.js';

/** Everything that can be tabled: the paper's tables first, then every measure. */
export function allTables(name: string, sets: readonly SetMeasures[], level: number): Table[] {
  return [
    scoreTable(name, sets),
    scoreDetails(sets, level),
    degradationTable(name, sets),
    degradationDetails(sets),
    ...sets.flatMap(confusionTables),
    comparisonTable(name, sets),
  ].filter((table) => table !== undefined);
}

/**
 * Writes `measures.json`, `tables.html`, and each table as `tables/<id>.csv` and `.tex`.
 *
 * @param name - what the model is called
 * @returns the tables
 */
export async function writeTables(
  folder: string,
  name: string,
  sets: readonly SetMeasures[],
  measures: { readonly level: number },
): Promise<Table[]> {
  const tables = allTables(name, sets, measures.level);
  await mkdir(join(folder, 'tables'), { recursive: true });
  await writeJson(join(folder, 'measures.json'), { name, measures, sets: sets.map(withoutCurves) });
  const write = (file: string, text: string) => replaceFile(join(folder, file), (handle) => handle.writeFile(text));
  for (const table of tables) {
    await write(join('tables', `${table.id}.csv`), tableCsv(table));
    await write(join('tables', `${table.id}.tex`), tableLatex(table));
  }
  await write('tables.html', tablesPage(name, tables));
  return tables;
}

/** The fitted curves, a value an image, can be had from their parameters. */
function withoutCurves({ score, ...rest }: SetMeasures): object {
  if (score === undefined) return rest;
  const bare = (fit: typeof score.logistic4) => fit && { ...fit, fitted: undefined };
  return { ...rest, score: { ...score, logistic4: bare(score.logistic4), logistic5: bare(score.logistic5) } };
}
