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

/** {@link swiglu} on the way back: its value again, and its gradients. */
export interface SwigluAgain {
  readonly y: tf.Tensor2D;
  backward(dy: tf.Tensor2D): { readonly dGate: tf.Tensor2D; readonly dUp: tf.Tensor2D };
}

/**
 * silu'(g) = s + silu(g) · (1 − s) with s = sigmoid(g). The value is computed again rather than kept, and shares its
 * sigmoid, the dearest part, with the gradients. Call it within tf.tidy, which frees what they share.
 */
export function swigluAgain(gate: tf.Tensor2D, up: tf.Tensor2D): SwigluAgain {
  const s = tf.sigmoid(gate);
  const silu: tf.Tensor2D = tf.mul(gate, s);
  const backward = (dy: tf.Tensor2D): ReturnType<SwigluAgain['backward']> => {
    const slope = tf.add(s, tf.mul(silu, tf.sub(1, s)));
    return { dGate: tf.mul<tf.Tensor2D>(tf.mul(dy, up), slope), dUp: tf.mul<tf.Tensor2D>(dy, silu) };
  };
  return { y: tf.mul(silu, up), backward };
}
