import * as tf from '@tensorflow/tfjs-core';
import ndarray from 'ndarray';
import { grpoLoss } from '../grpo.js';
import type { GrpoOptions } from '../options.js';
import type { GrpoBatch } from '../types.js';

/**
 * {@link grpoLoss} as a differentiable TensorFlow.js operation: the same code, wrapped once. The log-probabilities are read
 * back synchronously (cpu, wasm and tensorflow backends), the loss and its gradient are computed in float64.
 *
 * @param logps - [B, T] tensor; gradients flow into it.
 * @param batch - the rest of the batch, as arrays.
 * @param onMetrics - called with the metrics each time the loss is computed.
 * @throws Error when TensorFlow.js has no gradients registered; RangeError as `grpoLoss`.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * const mask = ndarray(Float64Array.of(1, 1), [2, 1]);
 * const loss = (logps: tf.Tensor2D) => grpoLossTensor(logps, { mask, advantages: [1, -1] });
 * tf.grad(loss)(tf.tensor2d([[-1], [-2]])); // [[-0.5], [0.5]]
 * ```
 */
export function grpoLossTensor(
  logps: tf.Tensor2D,
  batch: Omit<GrpoBatch, 'logps'>,
  options: GrpoOptions = {},
  onMetrics?: (metrics: Record<string, number>) => void,
): tf.Scalar {
  checkGradients();
  const op = tf.customGrad((input, save) => {
    const values = (input as tf.Tensor2D).dataSync<'float32'>();
    const { loss, gradient, metrics } = grpoLoss({ ...batch, logps: ndarray(values, logps.shape) }, options);
    onMetrics?.(metrics);
    const stored = tf.tensor2d(Float32Array.from(gradient.data), logps.shape);
    (save as tf.GradSaveFunc)([stored]);
    return {
      value: tf.scalar(loss),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(saved[0]!, dy),
    };
  });
  return op(logps);
}

/** The core package alone registers no gradients in Node, and then fails with "gradient function not found for …". */
function checkGradients(): void {
  if ((tf.getGradient('Exp') as tf.GradConfig | undefined) === undefined) {
    throw new Error(
      "`grpoLossTensor`: TensorFlow.js has no gradients registered. Add `import '@tensorflow/tfjs'` once; '@tensorflow/tfjs-core' alone does not register them.",
    );
  }
}
