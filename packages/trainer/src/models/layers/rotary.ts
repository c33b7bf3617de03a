import * as tf from '@tensorflow/tfjs';

/** Rotary position embedding of n rows: cos, and sin with the sign of rotate_half folded in. Both [n, 1, headDim]. */
export interface RotaryTable {
  readonly cos: tf.Tensor3D;
  /** −sin in the first half, +sin in the second. */
  readonly signedSin: tf.Tensor3D;
}

/**
 * Uploads a table of angles.
 *
 * @param angles - n rows of headDim / 2 angles in radians; both halves of a head turn by the same angles
 */
export function rotaryTable(angles: Float32Array, headDim: number): RotaryTable {
  const half = headDim / 2;
  const rows = angles.length / half;
  const cos = new Float32Array(rows * headDim);
  const sin = new Float32Array(rows * headDim);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < half; j++) {
      const angle = angles[row * half + j]!;
      const first = row * headDim + j;
      cos[first] = cos[first + half] = Math.cos(angle);
      sin[first + half] = Math.sin(angle);
      sin[first] = -sin[first + half]!;
    }
  }
  return { cos: tf.tensor3d(cos, [rows, 1, headDim]), signedSin: tf.tensor3d(sin, [rows, 1, headDim]) };
}

/**
 * x · cos + rotate_half(x) · sin, rotate_half([a, b]) = [−b, a].
 *
 * @param x - [n, heads, headDim]
 */
export function rotate(x: tf.Tensor3D, table: RotaryTable): tf.Tensor3D {
  return tf.tidy(() => tf.add(tf.mul(x, table.cos), tf.mul(swapHalves(x), table.signedSin)));
}

/** Rotation by the opposite angle: a rotation's transpose is its inverse. */
export function rotateBackward(dy: tf.Tensor3D, table: RotaryTable): tf.Tensor3D {
  return tf.tidy(() => tf.sub(tf.mul(dy, table.cos), tf.mul(swapHalves(dy), table.signedSin)));
}

function swapHalves(x: tf.Tensor3D): tf.Tensor3D {
  const headDim = x.shape[2];
  const order = Int32Array.from({ length: headDim }, (_, i) => (i + headDim / 2) % headDim);
  return tf.gather(x, tf.tensor1d(order, 'int32'), 2);
}
