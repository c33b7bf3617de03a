import * as tf from '@tensorflow/tfjs';
import type { Gradients } from '../gradients.js';
import { linear, linearBackward, type Linear } from './linear.js';
import { rmsNorm, rmsNormBackward, type RmsNorm } from './rms-norm.js';
import { swiglu, swigluAgain } from './swiglu.js';

/** The second half of a block: x + down(silu(gate n) · up n), n = norm x. */
export interface GatedMlp {
  readonly norm: RmsNorm;
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
}

/** What the way back reads again. */
export interface GatedMlpSaved {
  /** [n, D] */
  readonly middle: tf.Tensor2D;
  readonly normedMiddle: tf.Tensor2D;
  /** [n, F] */
  readonly gate: tf.Tensor2D;
  readonly up: tf.Tensor2D;
}

/**
 * Call it within tf.tidy, which frees what is not returned.
 *
 * @param middle - [n, D]
 */
export function gatedMlp(
  middle: tf.Tensor2D,
  mlp: GatedMlp,
): { readonly y: tf.Tensor2D; readonly saved: GatedMlpSaved } {
  const normedMiddle = rmsNorm(middle, mlp.norm);
  const gate = linear(normedMiddle, mlp.gate);
  const up = linear(normedMiddle, mlp.up);
  const y = tf.add<tf.Tensor2D>(middle, linear(swiglu(gate, up), mlp.down));
  return { y, saved: { middle, normedMiddle, gate, up } };
}

/**
 * Call it within tf.tidy.
 *
 * @param dy - [n, D]
 * @returns dLoss/dmiddle, [n, D]; parameters' gradients are added to `gradients`
 */
export function gatedMlpBackward(
  { middle, normedMiddle, gate, up }: GatedMlpSaved,
  dy: tf.Tensor2D,
  mlp: GatedMlp,
  gradients: Gradients,
): tf.Tensor2D {
  const activated = swigluAgain(gate, up);
  const { dGate, dUp } = activated.backward(linearBackward(activated.y, dy, mlp.down, gradients));
  const dNormed: tf.Tensor2D = tf.add(
    linearBackward(normedMiddle, dGate, mlp.gate, gradients),
    linearBackward(normedMiddle, dUp, mlp.up, gradients),
  );
  return tf.add(dy, rmsNormBackward(middle, dNormed, mlp.norm, gradients));
}
