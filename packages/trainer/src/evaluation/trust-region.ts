import { norm, solveLower, solveUpper, triangularize, type Triangle } from './qr.js';

/** A step and what it was damped by. */
export interface TrustRegionStep {
  /** The parameters move by minus this. */
  readonly step: readonly number[];
  /** Marquardt's λ; 0 when the full step stays inside the region. */
  readonly damping: number;
  /** |J step|. */
  readonly linearLength: number;
}

/** How far |D p| may be from the radius, as a share of it. */
const SLACK = 0.1;

/**
 * p that makes |J p - f|² + λ |D p|² least, with λ such that |D p| is within a tenth of the radius, or 0 (Moré 1978, 5;
 * the iteration on λ is Hebden's, its bounds are Moré's).
 *
 * @param triangle - of J P = Q R and Qᵀf
 * @param scale - diagonal of D
 * @param guess - λ of the step before
 */
export function trustRegionStep(
  triangle: Triangle,
  scale: readonly number[],
  radius: number,
  guess: number,
): TrustRegionStep {
  const { r, qtb, order } = triangle;
  const n = r.length;
  const inOrder = order.map((column) => scale[column]!);
  const result = (x: readonly number[], damping: number): TrustRegionStep => {
    const step = new Array<number>(n);
    order.forEach((column, j) => (step[column] = x[j]!));
    return { step, damping, linearLength: norm(multiply(r, x)) };
  };
  const scaledLength = (x: readonly number[]) => norm(x.map((value, j) => inOrder[j]! * value));

  let x = solveUpper(r, qtb);
  let length = scaledLength(x);
  let excess = length - radius;
  if (excess <= SLACK * radius) return result(x, 0);

  const fullRank = r.every((column, j) => column[j] !== 0);
  /** Newton's step for λ at a solution with triangle S. */
  const newton = (s: readonly Float64Array[]) => {
    const slope = norm(solveLower(s, x.map((value, j) => inOrder[j]! * ((inOrder[j]! * value) / length)))); // prettier-ignore
    return excess / radius / slope / slope;
  };
  let low = fullRank ? newton(r) : 0;
  const gradient = norm(r.map((column, j) => column.reduce((sum, value, i) => sum + value * qtb[i]!, 0) / inOrder[j]!));
  let high = gradient / radius || Number.MIN_VALUE / Math.min(radius, SLACK);
  let damping = Math.min(Math.max(guess, low), high) || gradient / length;

  for (let iteration = 1; ; iteration++) {
    if (damping === 0) damping = Math.max(2.2250738585072014e-308, 0.001 * high);
    const damped = dampedSolution(triangle, inOrder, Math.sqrt(damping));
    x = damped.x;
    const before = excess;
    length = scaledLength(x);
    excess = length - radius;
    const near = Math.abs(excess) <= SLACK * radius;
    if (near || (low === 0 && excess <= before && before < 0) || iteration === 10) return result(x, damping);
    const change = newton(damped.r);
    if (excess > 0) low = Math.max(low, damping);
    if (excess < 0) high = Math.min(high, damping);
    damping = Math.max(low, damping + change);
  }
}

/** Least squares of R over a weighted diagonal. */
function dampedSolution({ r, qtb }: Triangle, diagonal: readonly number[], weight: number) {
  const n = r.length;
  const columns = r.map((column, j) => {
    const tall = new Float64Array(2 * n);
    tall.set(column);
    tall[n + j] = weight * diagonal[j]!;
    return tall;
  });
  const b = new Float64Array(2 * n);
  b.set(qtb);
  const solved = triangularize(columns, b, 'none');
  return { r: solved.r, x: solveUpper(solved.r, solved.qtb) };
}

/** R x. */
function multiply(r: readonly Float64Array[], x: readonly number[]): Float64Array {
  const product = new Float64Array(x.length);
  r.forEach((column, j) => column.forEach((value, i) => (product[i]! += value * x[j]!)));
  return product;
}
