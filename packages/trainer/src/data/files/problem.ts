/** What is wrong with a row of a data file. The message names file, row and field. */
export class DataProblem extends Error {
  override readonly name = 'DataProblem';
  readonly file: string;
  /** As an editor or a spreadsheet counts it, from 1; undefined for the file as a whole. */
  readonly row: number | undefined;
  /** The key or column; undefined for the row as a whole. */
  readonly field: string | undefined;
  /** In words that can follow the place. */
  readonly problem: string;

  /** The parts of the message, in its order. */
  constructor(
    file: string,
    row: number | undefined,
    field: string | undefined,
    problem: string,
    options?: ErrorOptions,
  ) {
    const place = row === undefined ? file : `${file}, row ${row}`;
    super(`${place}: ${field === undefined ? '' : `'${field}' `}${problem}`, options);
    this.file = file;
    this.row = row;
    this.field = field;
    this.problem = problem;
  }
}

/** What becomes of a problem: thrown, or collected while reading goes on. */
export type OnProblem = (problem: DataProblem) => void;

/** Ends at the first problem. */
export const throwProblem: OnProblem = (problem) => {
  throw problem;
};
