import type { NdArray } from 'ndarray';
import { fail } from './checks.js';
import type { Matrix, MaskMatrix } from './types.js';

/** @internal Rows and columns of a [B, T] array, or an error. */
export function shapeOf(where: string, argument: string, array: { shape: number[] }): [rows: number, columns: number] {
  const [rows, columns] = array.shape;
  if (array.shape.length !== 2 || rows === undefined || columns === undefined) {
    fail(where, argument, 'have shape [B, T]', array.shape);
  }
  return [rows, columns];
}

/** @internal */
export function checkShape(where: string, argument: string, array: { shape: number[] }, rows: number, columns: number) {
  const [r, c] = shapeOf(where, argument, array);
  if (r !== rows || c !== columns) fail(where, argument, `have shape [${rows}, ${columns}]`, array.shape);
}

/** @internal The mask as flat row-major bytes. Only 0 and 1 are allowed: a fraction would silently count as 1. */
export function readMask(where: string, mask: MaskMatrix): Uint8Array {
  const [rows, columns] = shapeOf(where, 'mask', mask);
  const out = new Uint8Array(rows * columns);
  const values = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    copyRows(mask, columns, row, values);
    for (let column = 0, k = row * columns; column < columns; column++, k++) {
      const value = values[column]!;
      if (value === 1) out[k] = 1;
      else if (value !== 0) fail(where, 'mask', `be 0 or 1 at [${row}, ${column}]`, value);
    }
  }
  return out;
}

/** Copies rows, from `first` on and as many as fit, to `out`, row-major float64, whatever the layout of the array. */
function copyRows(array: MaskMatrix, columns: number, first: number, out: Float64Array): void {
  const [down = 0, right = 0] = array.stride;
  const { data, offset } = array;
  if (right === 1 && down === columns) {
    // one call for a plain array, so that loops over `out` see one type
    out.set(data.subarray(offset + first * columns, offset + first * columns + out.length));
    return;
  }
  for (let k = 0, row = first; k < out.length; row++) {
    for (let column = 0; column < columns; column++, k++) out[k] = data[offset + row * down + column * right]!;
  }
}

/** Whether a NaN stands for a value that is not known, or is an error. */
type Missing = 'reject NaN' | 'allow NaN';

/** @internal A matrix as flat row-major float64. Values under mask 0 become 0 unread; the others must be finite. */
export function readMatrix(
  where: string,
  argument: string,
  array: Matrix,
  mask: Uint8Array,
  rows: number,
  columns: number,
  missing: Missing = 'reject NaN',
): Float64Array {
  checkShape(where, argument, array, rows, columns);
  const out = new Float64Array(rows * columns);
  readRows(where, argument, array, mask, columns, 0, out, missing);
  for (let k = 0; k < out.length; k++) if (mask[k] === 0) out[k] = 0;
  return out;
}

/**
 * @internal Rows of a matrix of known shape, from `first` on, into `out`; `mask` is that of these rows. As {@link readMatrix},
 * but under mask 0 it leaves any finite number.
 */
export function readRows(
  where: string,
  argument: string,
  array: Matrix,
  mask: Uint8Array,
  columns: number,
  first: number,
  out: Float64Array,
  missing: Missing = 'reject NaN',
): void {
  copyRows(array, columns, first, out);
  if (allFinite(out)) return;
  for (let k = 0; k < out.length; k++) {
    if (mask[k] === 0) out[k] = 0;
    else if (!Number.isFinite(out[k]) && !(missing === 'allow NaN' && Number.isNaN(out[k]))) {
      const place = `[${first + Math.floor(k / columns)}, ${k % columns}]`;
      fail(where, argument, `be finite where the mask is 1, at ${place}`, out[k]);
    }
  }
}

/** x − x is 0 for a finite number and NaN for any other, and a sum never loses a NaN. */
function allFinite(values: Float64Array): boolean {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k]! - values[k]!;
  return sum === 0;
}

/** @internal Advantages, [B] or [B, T], as one number a token; 0 under mask 0. */
export function readAdvantages(
  where: string,
  advantages: ArrayLike<number> | Matrix,
  mask: Uint8Array,
  rows: number,
  columns: number,
): Float64Array {
  const out = new Float64Array(rows * columns);
  readAdvantageRows(where, checkAdvantages(where, advantages, rows, columns), mask, columns, 0, out);
  for (let k = 0; k < out.length; k++) if (mask[k] === 0) out[k] = 0;
  return out;
}

/** @internal A matrix [B, T], or numbers [B], of the right shape. */
export function checkAdvantages(
  where: string,
  advantages: ArrayLike<number> | Matrix,
  rows: number,
  columns: number,
): ArrayLike<number> | Matrix {
  if ('shape' in advantages && advantages.shape.length === 2) {
    checkShape(where, 'advantages', advantages, rows, columns);
    return advantages;
  }
  const vector = 'shape' in advantages ? vectorOf(where, advantages) : advantages;
  if (vector.length !== rows) {
    fail(where, 'advantages', `have shape [${rows}] or [${rows}, ${columns}]`, [vector.length]);
  }
  return vector;
}

/** @internal Rows of what {@link checkAdvantages} returned, from `first` on, into `out`; under mask 0 any finite number. */
export function readAdvantageRows(
  where: string,
  advantages: ArrayLike<number> | Matrix,
  mask: Uint8Array,
  columns: number,
  first: number,
  out: Float64Array,
): void {
  if ('shape' in advantages) {
    readRows(where, 'advantages', advantages, mask, columns, first, out);
    return;
  }
  for (let start = 0, row = first; start < out.length; start += columns, row++) {
    const value = advantages[row]!;
    if (Number.isFinite(value)) out.fill(value, start, start + columns);
    else if (mask.subarray(start, start + columns).includes(1))
      fail(where, 'advantages', `be finite, at [${row}]`, value);
    else out.fill(0, start, start + columns);
  }
}

function vectorOf(where: string, array: NdArray<Float32Array | Float64Array>): number[] {
  if (array.shape.length !== 1) fail(where, 'advantages', 'have shape [B] or [B, T]', array.shape);
  return Array.from({ length: array.shape[0] ?? 0 }, (_, i) => array.get(i));
}
