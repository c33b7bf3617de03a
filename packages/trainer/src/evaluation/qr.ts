/** R of A P = Q R with the vector Qᵀb. */
export interface Triangle {
  /** Columns of R, each cut at its diagonal: r[j] holds rows 0 to j. */
  readonly r: readonly Float64Array[];
  /** The first n elements of Qᵀb. */
  readonly qtb: Float64Array;
  /** Column j of R stands for column order[j] of A. */
  readonly order: readonly number[];
  /** Euclidean norms of the columns of A. */
  readonly norms: readonly number[];
}

/** Euclidean length, from element `start` on. */
export function norm(vector: ArrayLike<number>, start = 0): number {
  let sum = 0;
  for (let i = start; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  return Math.sqrt(sum);
}

/**
 * QR decomposition by Householder reflections (Golub and Van Loan, Matrix Computations, 5.2 and 5.4.2).
 *
 * @param columns - the n columns of A, each of m >= n numbers; overwritten
 * @param b - m numbers; overwritten
 * @param pivot - 'largest' takes the longest remaining column next, 'none' keeps their order
 */
export function triangularize(columns: Float64Array[], b: Float64Array, pivot: 'largest' | 'none'): Triangle {
  const n = columns.length;
  const norms = columns.map((column) => norm(column));
  const order = columns.map((_, j) => j);
  for (let k = 0; k < n; k++) {
    if (pivot === 'largest') moveLongestTo(k, columns, order);
    reflect(columns, b, k);
  }
  return { r: columns.map((column, j) => column.slice(0, j + 1)), qtb: b.slice(0, n), order, norms };
}

function moveLongestTo(k: number, columns: Float64Array[], order: number[]): void {
  const lengths = columns.map((column, j) => (j < k ? -1 : norm(column, k)));
  const longest = lengths.indexOf(Math.max(...lengths));
  if (longest < 0) return; // not a number: the caller's step is refused
  for (const list of [columns, order] as unknown[][]) [list[k], list[longest]] = [list[longest], list[k]];
}

/** Mirrors what is left so that column k becomes zero below its diagonal. */
function reflect(columns: Float64Array[], b: Float64Array, k: number): void {
  const column = columns[k]!;
  const length = norm(column, k);
  if (length === 0) return;
  const diagonal = column[k]! > 0 ? -length : length;
  const v = column.slice();
  v[k]! -= diagonal;
  const scale = diagonal * v[k]!; // -|v|²/2
  for (const vector of [...columns.slice(k), b]) {
    let dot = 0;
    for (let i = k; i < v.length; i++) dot += v[i]! * vector[i]!;
    for (let i = k; i < v.length; i++) vector[i]! += (dot / scale) * v[i]!;
  }
}

/** x of R x = b. A zero on the diagonal makes its unknown, and all after it, zero: the shortest way to a solution. */
export function solveUpper(r: readonly Float64Array[], b: ArrayLike<number>): number[] {
  const singular = r.findIndex((column, j) => column[j] === 0);
  const rank = singular < 0 ? r.length : singular;
  const x = Array.from(b, (value, j) => (j < rank ? value : 0));
  for (let j = rank - 1; j >= 0; j--) {
    x[j]! /= r[j]![j]!;
    for (let i = 0; i < j; i++) x[i]! -= r[j]![i]! * x[j]!;
  }
  return x;
}

/** x of Rᵀ x = b. */
export function solveLower(r: readonly Float64Array[], b: readonly number[]): number[] {
  const x = [...b];
  for (let j = 0; j < x.length; j++) {
    for (let i = 0; i < j; i++) x[j]! -= r[j]![i]! * x[i]!;
    x[j]! /= r[j]![j]!;
  }
  return x;
}
