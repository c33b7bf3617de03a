import * as tf from '@tensorflow/tfjs';
import type { Gradients } from '../gradients.js';

/** A low-rank addition to a linear layer: scaling · B(Ax). */
export interface LoraPair {
  /** [rank, in] */
  readonly a: tf.Tensor2D;
  /** [out, rank] */
  readonly b: tf.Tensor2D;
  readonly scaling: number;
}

/** y = Wx + b + scaling · B(Ax), weights as Hugging Face stores them. */
export interface Linear {
  /** Parameter names are `${name}.weight`, `.bias`, `.lora_A.weight` and `.lora_B.weight`. */
  readonly name: string;
  /** [out, in] */
  readonly weight: tf.Tensor2D;
  /** [out] */
  readonly bias?: tf.Tensor1D;
  readonly lora?: LoraPair;
  /** [in, out], with the LoRA pair merged: what sampling multiplies by instead, see {@link mergeLinear}. */
  readonly merged?: tf.Tensor2D;
}

/**
 * @param x - [n, in]
 * @returns [n, out]
 */
export function linear(x: tf.Tensor2D, layer: Linear): tf.Tensor2D {
  return tf.tidy(() => {
    const { bias, lora, merged } = layer;
    let y: tf.Tensor2D = merged ? tf.matMul(x, merged) : tf.matMul(x, layer.weight, false, true);
    if (bias) y = tf.add(y, bias);
    if (!lora || merged) return y;
    const low = tf.mul(tf.matMul(x, lora.a, false, true), lora.scaling); // [n, rank]
    return tf.add(y, tf.matMul(low as tf.Tensor2D, lora.b, false, true));
  });
}

/**
 * @param x - [n, in], the input of the forward pass
 * @param dy - [n, out]
 * @returns dLoss/dx, [n, in]; the parameters' gradients are added to `gradients`
 */
export function linearBackward(x: tf.Tensor2D, dy: tf.Tensor2D, layer: Linear, gradients: Gradients): tf.Tensor2D {
  return tf.tidy(() => {
    addLinearGradients(x, dy, layer, gradients);
    const { weight, lora } = layer;
    const dx = tf.matMul<tf.Tensor2D>(dy, weight);
    if (!lora) return dx;
    return tf.add(dx, tf.matMul(tf.mul<tf.Tensor2D>(tf.matMul(dy, lora.b), lora.scaling), lora.a));
  });
}

/** The part of {@link linearBackward} that is enough for the first layer of all: nobody asks for its input's gradient. */
export function addLinearGradients(x: tf.Tensor2D, dy: tf.Tensor2D, layer: Linear, gradients: Gradients): void {
  const { name, bias, lora } = layer;
  gradients.add(`${name}.weight`, () => tf.matMul(dy, x, true, false));
  if (bias) gradients.add(`${name}.bias`, () => sumRows(dy));
  if (!lora) return;
  gradients.add(`${name}.lora_A.weight`, () =>
    tf.matMul(tf.mul<tf.Tensor2D>(tf.matMul(dy, lora.b), lora.scaling), x, true, false),
  );
  gradients.add(`${name}.lora_B.weight`, () =>
    tf.matMul(dy, tf.mul<tf.Tensor2D>(tf.matMul(x, lora.a, false, true), lora.scaling), true, false),
  );
}

/** Column sums, [n, D] → [D]. As a product: summing over the first axis is some twenty times slower on wasm. */
export function sumRows(x: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => tf.squeeze(tf.matMul(tf.ones<tf.Rank.R2>([1, x.shape[0]]), x), [0]));
}

/**
 * W + scaling · BA, transposed once. Sampling multiplies by it some hundred times before the weights change, in small
 * batches, where transposing at every call would cost more than the product.
 *
 * @returns [in, out], which the caller disposes
 */
export function mergeLinear({ weight, lora }: Linear): tf.Tensor2D {
  return tf.tidy(() => {
    const whole = lora ? tf.add(weight, tf.mul(tf.matMul(lora.b, lora.a), lora.scaling)) : weight;
    return tf.transpose(whole as tf.Tensor2D);
  });
}
