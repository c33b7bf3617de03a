/** A row as its file holds it. */
export interface RawRow {
  /** As an editor or a spreadsheet counts it, from 1; in a JSON array, the element's number. */
  readonly row: number;
  readonly value: unknown;
  /** Where each row has a file of its own. */
  readonly file?: string;
}
