/** Where something stands in a text: offsets in UTF-16 units, `end` not included, so `text.slice(start, end)` is the thing. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * What was read from a text: the value and where it stands, or why there is none and where reading stopped.
 * Tell the two apart with `'value' in reading`.
 */
export type Reading<T> =
  { readonly value: T; readonly place: Place } | { readonly reason: string; readonly place: Place };

/** A reading that succeeded. */
export function found<T>(value: T, start: number, end: number): Reading<T> {
  return { value, place: { start, end } };
}

/** A reading that failed, and why, in words that follow a colon. */
export function missing(reason: string, start: number, end: number = start): { reason: string; place: Place } {
  return { reason, place: { start, end } };
}

const QUOTED_LENGTH = 40;

/** `text` in double quotes for a message: on one line, and cut when long, since a completion may be a megabyte. */
export function quote(text: string): string {
  const head = text.slice(0, QUOTED_LENGTH + 1);
  return JSON.stringify(head.length > QUOTED_LENGTH ? `${head.slice(0, QUOTED_LENGTH)}…` : head);
}
