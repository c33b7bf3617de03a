/** What stands in a cell: a measure (null where it is not known), or text. */
export type CellValue = number | string | null;

/** One column, which may hold several measures of the same thing. */
export interface Column {
  readonly name: string;
  /** Digits after the point. @defaultValue the table's */
  readonly digits?: number;
}

/** One line of a table. */
export interface Row {
  readonly name: string;
  /** One entry a column, each with one value a measure. */
  readonly cells: readonly (readonly CellValue[])[];
  /** Set off from rows that others published. */
  readonly own: boolean;
  /** Columns whose value has a footnote: its sign, by column name. */
  readonly marks?: Readonly<Record<string, string>>;
}

/** A table that can be printed as text, CSV, LaTeX and HTML. */
export interface Table {
  /** Name of its files. */
  readonly id: string;
  readonly title: string;
  /** What the rows are. */
  readonly corner: string;
  /** What the values of a cell are, in order; one empty name when a cell has a single value that its column names. */
  readonly measures: readonly string[];
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Digits after the point. */
  readonly digits: number;
  /** Where rows come from, and what is known to be wrong with them. */
  readonly notes: readonly string[];
}

/** A value as tables show it; a dash where nothing is known. */
export function cellText(value: CellValue, digits: number): string {
  if (value === null) return '–';
  return typeof value === 'string' ? value : value.toFixed(digits);
}

/** All values of a cell, with the footnote's sign. */
export function wholeCell(table: Table, row: Row, index: number): string {
  const column = table.columns[index]!;
  const digits = column.digits ?? table.digits;
  const text = row.cells[index]!.map((value) => cellText(value, digits)).join(' / ');
  return `${text}${row.marks?.[column.name] ?? ''}`;
}

/** Where a table's cells hold several measures, their names as one. */
export const measureNames = ({ measures }: Table) => measures.filter((name) => name !== '').join(' / ');
