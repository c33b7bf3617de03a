import * as tf from '@tensorflow/tfjs';

/**
 * tf.tidy for results of any type: tensors found in the arrays and plain objects of the result live on, all others made
 * inside are freed. (tf.tidy's own signature refuses interfaces.)
 */
export function tidy<T>(compute: () => T): T {
  return tf.tidy(compute as unknown as () => tf.TensorContainer) as T;
}

/** Disposes every tensor found in arrays and plain objects; those disposed already are passed over. */
export function free(...values: unknown[]): void {
  tf.dispose(values as tf.TensorContainer);
}
