/** A step's figures. One that JSON cannot hold, such as NaN, is null when read back. */
export type Row = Readonly<Record<string, number | null>>;

/** The steps of a run so far, oldest first. */
export type History = readonly Row[];

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The mean of a figure over some steps.
 *
 * @returns undefined when there are fewer steps than `atLeast` that have it
 */
export function meanOf(history: History, name: string, atLeast: number): number | undefined {
  const values = history.flatMap((row) => (Number.isFinite(row[name]) ? [row[name]!] : []));
  return values.length < atLeast ? undefined : mean(values);
}

/** A figure over the last `length` steps and over as many before; undefined while there are fewer. */
export function beforeAndNow(
  history: History,
  name: string,
  length: number,
): { readonly before: number; readonly now: number } | undefined {
  const before = meanOf(history.slice(-2 * length, -length), name, length);
  const now = meanOf(history.slice(-length), name, length);
  return before === undefined || now === undefined ? undefined : { before, now };
}
