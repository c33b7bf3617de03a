/** Where something stands in a text: offsets in UTF-16 units, `end` not included, so `text.slice(start, end)` is the thing. */
export interface Place {
  /** First index. */
  readonly start: number;
  /** One past the last index. */
  readonly end: number;
}

/** A value that was read from a text. */
export interface Found<T> {
  /** The value. */
  readonly value: T;
  /** Where it stands. */
  readonly place: Place;
}

/** A value that could not be read. */
export interface Missing {
  /** Why not, in words that can follow a colon. */
  readonly reason: string;
  /** What is in the way, or where reading stopped. */
  readonly place: Place;
}

/** What was read from a text, or why nothing was. Tell the two apart with `'value' in reading`. */
export type Reading<T> = Found<T> | Missing;

/** A reading that succeeded. */
export function found<T>(value: T, start: number, end: number): Found<T> {
  return { value, place: { start, end } };
}

/** A reading that failed. */
export function missing(reason: string, start: number, end: number = start): Missing {
  return { reason, place: { start, end } };
}

const QUOTED_LENGTH = 40;

/** `text` in double quotes for a message: on one line, and cut when long, since a completion may be a megabyte. */
export function quote(text: string): string {
  const head = text.slice(0, QUOTED_LENGTH + 1);
  return JSON.stringify(head.length > QUOTED_LENGTH ? `${head.slice(0, QUOTED_LENGTH)}…` : head);
}
