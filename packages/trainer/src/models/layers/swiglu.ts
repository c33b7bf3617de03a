import * as tf from '@tensorflow/tfjs';

/**
 * silu(gate) · up, with silu(g) = g · sigmoid(g).
 *
 * @param gate - [n, F]
 * @param up - [n, F]
 */
export function swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => tf.mul(tf.mul(gate, tf.sigmoid(gate)), up));
}

/**
 * silu'(g) = s + silu(g) · (1 − s) with s = sigmoid(g).
 *
 * @param dy - [n, F]
 */
export function swigluBackward(
  gate: tf.Tensor2D,
  up: tf.Tensor2D,
  dy: tf.Tensor2D,
): { readonly dGate: tf.Tensor2D; readonly dUp: tf.Tensor2D } {
  return tf.tidy(() => {
    const s = tf.sigmoid(gate);
    const silu = tf.mul(gate, s);
    const slope = tf.add(s, tf.mul(silu, tf.sub(1, s)));
    return { dGate: tf.mul<tf.Tensor2D>(tf.mul(dy, up), slope), dUp: tf.mul<tf.Tensor2D>(dy, silu) };
  });
}
