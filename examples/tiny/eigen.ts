/** An eigenvalue and its eigenvector of length 1. */
export interface Eigenpair {
  readonly value: number;
  readonly vector: Float64Array;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix without negative eigenvalues, largest first, by one-sided Jacobi
 * rotations (Hestenes 1958): rows are turned pairwise until all are at right angles. For A = U S U^T the rows then are
 * those of S U^T, so their lengths are the eigenvalues and their directions the eigenvectors.
 *
 * @param matrix - [size, size], row-major
 */
export function eigenpairs(matrix: Float64Array, size: number): Eigenpair[] {
  const rows = Array.from({ length: size }, (_, i) => matrix.slice(i * size, (i + 1) * size));
  for (let sweep = 0; sweep < 40; sweep++) {
    let turned = 0;
    for (let i = 0; i < size; i++) {
      for (let j = i + 1; j < size; j++) turned = Math.max(turned, turn(rows[i]!, rows[j]!));
    }
    if (turned < 1e-10) break;
  }
  return rows
    .map((row) => ({ value: Math.hypot(...row), vector: row }))
    .sort((a, b) => b.value - a.value)
    .map(({ value, vector }) => ({ value, vector: vector.map((x) => (value === 0 ? 0 : x / value)) }));
}

/** Rotates two rows to a right angle. Returns the cosine of the angle they had. */
function turn(a: Float64Array, b: Float64Array): number {
  let aa = 0;
  let bb = 0;
  let ab = 0;
  for (let k = 0; k < a.length; k++) {
    const x = a[k]!;
    const y = b[k]!;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const cosine = Math.abs(ab) / Math.sqrt(aa * bb);
  if (!(cosine > 1e-12)) return 0;
  const ratio = (bb - aa) / (2 * ab);
  const tangent = (ratio >= 0 ? 1 : -1) / (Math.abs(ratio) + Math.sqrt(1 + ratio * ratio));
  const c = 1 / Math.sqrt(1 + tangent * tangent);
  const s = c * tangent;
  for (let k = 0; k < a.length; k++) {
    const x = a[k]!;
    const y = b[k]!;
    a[k] = c * x - s * y;
    b[k] = s * x + c * y;
  }
  return cosine;
}
