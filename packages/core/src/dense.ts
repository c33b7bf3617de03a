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
  const values = flatten(mask, rows, columns);
  const out = new Uint8Array(values.length);
  for (let k = 0; k < values.length; k++) {
    const value = values[k]!;
    if (value !== 0 && value !== 1) fail(where, 'mask', `be 0 or 1 at [${place(k, columns)}]`, value);
    out[k] = value;
  }
  return out;
}

const place = (k: number, columns: number) => `${Math.floor(k / columns)}, ${k % columns}`;

/** A copy, row-major and float64, whatever the layout. The copy of a plain array is one call, and loops over it see one type. */
function flatten(array: MaskMatrix, rows: number, columns: number): Float64Array {
  const [down = 0, right = 0] = array.stride;
  const size = rows * columns;
  if (right === 1 && down === columns) return new Float64Array(array.data.subarray(array.offset, array.offset + size));
  const out = new Float64Array(size);
  for (let row = 0, k = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, k++)
      out[k] = array.data[array.offset + row * down + column * right]!;
  }
  return out;
}

/** @internal A matrix as flat row-major float64. Values under mask 0 become 0 unread; the others must be finite. */
export function readMatrix(
  where: string,
  argument: string,
  array: Matrix,
  mask: Uint8Array,
  rows: number,
  columns: number,
  missing: 'reject NaN' | 'allow NaN' = 'reject NaN',
): Float64Array {
  checkShape(where, argument, array, rows, columns);
  const out = flatten(array, rows, columns);
  for (let k = 0; k < out.length; k++) {
    if (mask[k] === 0) out[k] = 0;
    else if (!Number.isFinite(out[k]) && !(missing === 'allow NaN' && Number.isNaN(out[k]))) {
      fail(where, argument, `be finite where the mask is 1, at [${place(k, columns)}]`, out[k]);
    }
  }
  return out;
}

/** @internal Advantages, [B] or [B, T], as one number a token. */
export function readAdvantages(
  where: string,
  advantages: ArrayLike<number> | Matrix,
  mask: Uint8Array,
  rows: number,
  columns: number,
): Float64Array {
  if ('shape' in advantages && advantages.shape.length === 2) {
    return readMatrix(where, 'advantages', advantages, mask, rows, columns);
  }
  const vector = 'shape' in advantages ? vectorOf(where, advantages) : advantages;
  if (vector.length !== rows) {
    fail(where, 'advantages', `have shape [${rows}] or [${rows}, ${columns}]`, [vector.length]);
  }
  const out = new Float64Array(rows * columns);
  for (let row = 0, k = 0; row < rows; row++) {
    const value = vector[row]!;
    for (let column = 0; column < columns; column++, k++) {
      if (mask[k] === 0) continue;
      if (!Number.isFinite(value)) fail(where, 'advantages', `be finite, at [${row}]`, value);
      out[k] = value;
    }
  }
  return out;
}

function vectorOf(where: string, array: NdArray<Float32Array | Float64Array>): number[] {
  if (array.shape.length !== 1) fail(where, 'advantages', 'have shape [B] or [B, T]', array.shape);
  return Array.from({ length: array.shape[0] ?? 0 }, (_, i) => array.get(i));
}
