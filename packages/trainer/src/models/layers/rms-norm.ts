import * as tf from '@tensorflow/tfjs';
import type { Gradients } from '../gradients.js';
import { sumRows } from './linear.js';

/** y = x / sqrt(mean(x²) + epsilon) · weight. */
export interface RmsNorm {
  /** The parameter's name is `${name}.weight`. */
  readonly name: string;
  /** [D] */
  readonly weight: tf.Tensor1D;
  readonly epsilon: number;
}

/**
 * @param x - [n, D]
 * @returns [n, D]
 */
export function rmsNorm(x: tf.Tensor2D, layer: RmsNorm): tf.Tensor2D {
  return tf.tidy(() => tf.mul(normalise(x, layer.epsilon).unit, layer.weight));
}

/**
 * With u = x·r, r = 1/rms: dx = r · (g − u · mean(g·u)) where g = dy·weight.
 *
 * @param x - [n, D], the input of the forward pass
 * @param dy - [n, D]
 * @returns dLoss/dx, [n, D]
 */
export function rmsNormBackward(x: tf.Tensor2D, dy: tf.Tensor2D, layer: RmsNorm, gradients: Gradients): tf.Tensor2D {
  return tf.tidy(() => {
    const { unit, scale } = normalise(x, layer.epsilon);
    gradients.add(`${layer.name}.weight`, () => sumRows(tf.mul(dy, unit)));
    const g = tf.mul(dy, layer.weight);
    const along = tf.mean(tf.mul(g, unit), 1, true); // [n, 1]
    return tf.mul(tf.sub(g, tf.mul(unit, along)), scale);
  });
}

function normalise(x: tf.Tensor2D, epsilon: number): { unit: tf.Tensor2D; scale: tf.Tensor2D } {
  const scale: tf.Tensor2D = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), epsilon)); // [n, 1]
  return { unit: tf.mul(x, scale), scale };
}
