import type { DistortionClass } from '@q-insight/rewards';
import { meanOrNull } from '../pairs.js';
import type { SetMeasures } from '../measure-answers.js';
import { COMPARISON_RESULTS, DEGRADATION_RESULTS, SCORE_RESULTS, type PublishedTable } from './published.js';
import type { CellValue, Row, Table } from './table.js';

const unknown = (measures: number): null[] => Array<null>(measures).fill(null);

/** Published rows brought to the columns of a table. */
function publishedRows(
  { columns, rows }: PublishedTable,
  names: readonly string[],
  measures: number,
): Pick<Row, 'name' | 'cells' | 'marks'>[] {
  return rows.map(({ method, values, marks }) => ({
    name: method,
    cells: names.map((name) => values[columns.indexOf(name)] ?? unknown(measures)),
    ...(marks !== undefined && { marks }),
  }));
}

/** PLCC and SRCC on each set, and their means over the sets shown, which a row with a gap has none of (Q-Insight, Table 1). */
export function scoreTable(name: string, sets: readonly SetMeasures[]): Table | undefined {
  const own = sets.flatMap(({ set, score }) => (score === undefined ? [] : [{ set, score }]));
  if (own.length === 0) return undefined;
  const names = own.map(({ set }) => set);
  const withAverage = (cells: readonly (readonly (number | null)[])[]) => [
    ...cells,
    [0, 1].map((k) => (cells.some((cell) => cell[k] === null) ? null : meanOrNull(cells.map((cell) => cell[k]!)))),
  ];
  const published = publishedRows(SCORE_RESULTS, names, 2)
    .filter(({ cells }) => cells.some((cell) => cell[0] !== null))
    .map((row) => ({ ...row, cells: withAverage(row.cells as (number | null)[][]), own: false }));
  return {
    id: 'table1-scores',
    title: 'Score regression (Q-Insight, Table 1)',
    corner: 'method',
    measures: ['PLCC', 'SRCC'],
    columns: [...names, 'mean'].map((column) => ({ name: column })),
    rows: [...published, { name, cells: withAverage(own.map(({ score }) => [score.plcc, score.srcc])), own: true }],
    digits: 3,
    notes: [...(published.length > 0 ? SCORE_RESULTS.notes : []), 'Own row: PLCC of the ratings as they are, without a fit. Mean: over the sets shown.'], // prettier-ignore
  };
}

const CLASS_COLUMNS: Readonly<Record<string, DistortionClass>> = {
  Noise: 'noise',
  Blur: 'blur',
  JPEG: 'compression',
  Darken: 'darken',
  Null: 'null',
};

/** Class and level accuracy by class (Q-Insight, Table 2); one own row a set. */
export function degradationTable(name: string, sets: readonly SetMeasures[]): Table | undefined {
  const own = sets.flatMap(({ set, degradation }) => (degradation === undefined ? [] : [{ set, degradation }]));
  if (own.length === 0) return undefined;
  const { columns, notes } = DEGRADATION_RESULTS;
  return {
    id: 'table2-degradations',
    title: 'Degradation perception (Q-Insight, Table 2)',
    corner: 'method',
    measures: ['class', 'level'],
    columns: columns.map((column) => ({ name: column })),
    rows: [
      ...publishedRows(DEGRADATION_RESULTS, columns, 2).map((row) => ({ ...row, own: false })),
      ...own.map(({ set, degradation: { byClass, macro, micro } }) => ({
        name: ownName(name, set, own.length),
        cells: columns.map((column) => {
          if (column === 'macro') return [macro.class, macro.level];
          if (column === 'micro') return [micro.class, micro.level];
          const accuracy = byClass[CLASS_COLUMNS[column]!];
          return [accuracy?.class ?? null, column === 'Null' ? null : (accuracy?.level ?? null)];
        }),
        own: true,
      })),
    ],
    digits: 4,
    notes,
  };
}

/** Accuracy of comparisons in percent (Q-Insight, Table 6); one own row a set. */
export function comparisonTable(name: string, sets: readonly SetMeasures[]): Table | undefined {
  const own = sets.flatMap(({ set, comparison }) => (comparison === undefined ? [] : [{ set, comparison }]));
  if (own.length === 0) return undefined;
  const { columns, notes } = COMPARISON_RESULTS;
  const percent = (share: number | null): CellValue => (share === null ? null : share * 100);
  const added = ['Swap consistency', 'Unreadable'];
  return {
    id: 'table6-comparisons',
    title: 'Comparison (Q-Insight, Table 6)',
    corner: 'method',
    measures: [''],
    columns: [
      ...columns.map((column) => ({ name: column, digits: column.endsWith('CC') ? 4 : 2 })),
      { name: added[0]! },
      { name: added[1]!, digits: 0 },
    ],
    rows: [
      ...publishedRows(COMPARISON_RESULTS, [...columns, ...added], 1).map((row) => ({ ...row, own: false })),
      ...own.map(({ set, comparison }) => ({
        name: ownName(name, set, own.length),
        cells: [
          percent(comparison.regression),
          percent(comparison.generation),
          percent(comparison.overall),
          null,
          null,
          percent(comparison.swapConsistency),
          comparison.unreadable,
        ].map((value) => [value]),
        own: true,
      })),
    ],
    digits: 2,
    notes: [
      ...notes,
      'Swap consistency: share of the pairs asked both ways round whose verdicts name the same image. Every verdict counts, so a pair asked both ways counts twice.',
    ],
  };
}

const ownName = (name: string, set: string, sets: number) => (sets === 1 ? name : `${name}, ${set}`);
