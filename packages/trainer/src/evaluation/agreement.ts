/** How well two columns of classes agree. Null where it is not defined. */
export interface Agreement {
  /** Pairs. */
  readonly count: number;
  /** Rows are the true classes, columns the named ones, in the order given. */
  readonly confusion: readonly (readonly number[])[];
  /** Share of equal pairs. */
  readonly accuracy: number | null;
  /** Mean recall over the classes that occur among the true ones. */
  readonly balancedAccuracy: number | null;
  /** Cohen's kappa (1960); null when chance alone would agree always. */
  readonly kappa: number | null;
  /** Kappa with a disagreement costing its distance. */
  readonly linearKappa: number | null;
  /** Kappa with a disagreement costing its squared distance (Cohen 1968). */
  readonly quadraticKappa: number | null;
  /** Mean distance between the true class and the named one, in places of the order. */
  readonly ordinalError: number | null;
}

/**
 * Confusion matrix, accuracies and kappas:
 *
 *   κ = 1 - Σ w O / Σ w E,  w = [i ≠ j], |i - j| or (i - j)²,  E = row sum · column sum / count
 *
 * Distances mean something only when the classes are in order, as levels are.
 *
 * @param classes - all that may occur
 * @param truth - one of them for each pair
 * @param named - one of them for each pair
 * @throws when the lengths differ or something is not among the classes.
 */
export function agreement<T extends string | number>(
  classes: readonly T[],
  truth: readonly T[],
  named: readonly T[],
): Agreement {
  if (truth.length !== named.length) {
    throw new Error(`agreement: expected as many true as named classes, got ${truth.length} and ${named.length}`);
  }
  const place = (value: T) => {
    const index = classes.indexOf(value);
    if (index < 0) throw new Error(`agreement: expected one of ${classes.join(', ')}, got '${value}'`);
    return index;
  };
  const confusion = classes.map(() => classes.map(() => 0));
  for (let i = 0; i < truth.length; i++) confusion[place(truth[i]!)]![place(named[i]!)]! += 1;

  const count = truth.length;
  const recalls = confusion.flatMap((row, i) => (sum(row) === 0 ? [] : [row[i]! / sum(row)]));
  return {
    count,
    confusion,
    accuracy: count === 0 ? null : sum(confusion.map((row, i) => row[i]!)) / count,
    balancedAccuracy: count === 0 ? null : sum(recalls) / recalls.length,
    kappa: kappa(confusion, (distance) => Math.min(distance, 1)),
    linearKappa: kappa(confusion, (distance) => distance),
    quadraticKappa: kappa(confusion, (distance) => distance * distance),
    ordinalError: count === 0 ? null : weighted(confusion, (distance) => distance) / count,
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

type Weight = (distance: number) => number;

const weighted = (matrix: readonly (readonly number[])[], weight: Weight) =>
  sum(matrix.flatMap((row, i) => row.map((value, j) => value * weight(Math.abs(i - j)))));

function kappa(observed: readonly (readonly number[])[], weight: Weight): number | null {
  const rows = observed.map(sum);
  const columns = observed.map((_, j) => sum(observed.map((row) => row[j]!)));
  const expected = rows.map((row) => columns.map((column) => (row * column) / sum(rows)));
  const chance = weighted(expected, weight);
  return chance > 0 ? 1 - weighted(observed, weight) / chance : null;
}
