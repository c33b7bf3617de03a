/** Figures by step, few enough to be sent and drawn. */
export interface Thinned {
  readonly steps: readonly number[];
  /** One list a column. */
  readonly columns: readonly (readonly (number | null)[])[];
  /** Steps that became two points; 1 when all are there. */
  readonly stretch: number;
}

/**
 * Makes columns shorter and keeps every peak: of each stretch of steps the lowest and the highest value remain, in the order they
 * came in, at the stretch's first and last step. The last step is always there. A value that is not finite is a gap.
 *
 * @param most - points that may remain, at least 2; nothing changes when there are no more
 */
export function thin(
  steps: readonly number[],
  columns: readonly (readonly (number | null)[])[],
  most: number,
): Thinned {
  const stretch = Math.ceil(steps.length / Math.floor(most / 2));
  if (steps.length <= most) return { steps, columns: columns.map((column) => column.map(finite)), stretch: 1 };
  const starts = Array.from({ length: Math.ceil(steps.length / stretch) }, (_, k) => k * stretch);
  const lastOf = (start: number) => Math.min(start + stretch, steps.length) - 1;
  const kept = starts.flatMap((start) => (start === lastOf(start) ? [start] : [start, lastOf(start)]));
  return {
    steps: kept.map((place) => steps[place]!),
    columns: columns.map((column) =>
      starts.flatMap((start) => {
        const last = lastOf(start);
        const ends = extremes(column, start, last);
        return start === last ? ends.slice(0, 1) : ends;
      }),
    ),
    stretch,
  };
}

const finite = (value: number | null) => (Number.isFinite(value) ? value : null);

/** The lowest and the highest value of a stretch in the order they came in; a single one stands first, nothing is null. */
function extremes(column: readonly (number | null)[], first: number, last: number): [number | null, number | null] {
  let low = -1;
  let high = -1;
  let count = 0;
  for (let i = first; i <= last; i++) {
    const value = column[i] ?? NaN;
    if (!Number.isFinite(value)) continue;
    count += 1;
    if (low < 0 || value < column[low]!) low = i;
    if (high < 0 || value > column[high]!) high = i;
  }
  if (count === 0) return [null, null];
  if (count === 1) return [column[low]!, null];
  return low <= high ? [column[low]!, column[high]!] : [column[high]!, column[low]!];
}
