import * as tf from '@tensorflow/tfjs';
import { currentBackend } from './backend.js';

/**
 * A tensor with one slice replaced. Within a compiled loop XLA writes it in place, where all that reads the tensor comes after
 * and is a product; anything else becomes one with the writing, and costs a copy.
 *
 * @param x - stays the caller's
 * @param slice - as x, but of length 1 along the axis
 * @param index - a scalar of type int32: where the slice goes along the axis
 * @throws Error when the slice does not fit.
 * @example
 * import * as tf from '@tensorflow/tfjs';
 * import { startTensorflow, writeSlice } from '@q-insight/tensorflow';
 * await startTensorflow();
 * writeSlice(tf.zeros([2, 2]), tf.ones([2, 1]), 1, tf.scalar(1, 'int32')).print(); // [[0, 1], [0, 1]]
 */
export function writeSlice<T extends tf.Tensor>(x: T, slice: tf.Tensor, axis: number, index: tf.Scalar): T {
  const expected = x.shape.map((size, at) => (at === axis ? 1 : size));
  if (slice.shape.join() !== expected.join()) {
    throw new Error(`writeSlice: expected a slice of shape [${expected.join(', ')}], got [${slice.shape.join(', ')}]`);
  }
  return tf.tidy(() =>
    tf.getBackend() === 'tensorflow' ? update(x, slice, axis, index) : rebuilt(x, slice, axis, index),
  );
}

function update<T extends tf.Tensor>(x: T, slice: tf.Tensor, axis: number, index: tf.Scalar): T {
  const backend = currentBackend();
  const types = { T: x.dtype, Tindices: 'int32' } as const;
  const attributes = Object.entries(types).map(([name, dtype]) => ({
    name,
    type: backend.binding.TF_ATTR_TYPE,
    value: backend.getDTypeInteger(dtype),
  }));
  const along = tf.tensor1d(Int32Array.from(x.shape, (_, at) => (at === axis ? 1 : 0)), 'int32'); // prettier-ignore
  return backend.executeSingleOutput('XlaDynamicUpdateSlice', attributes, [x, slice, tf.mul(along, index)]) as T;
}

/** Other backends' memory is at hand: the index is read. */
function rebuilt<T extends tf.Tensor>(x: T, slice: tf.Tensor, axis: number, index: tf.Scalar): T {
  const at = index.dataSync()[0]!;
  const part = (from: number, length: number): tf.Tensor => {
    const begin = x.shape.map((_, i) => (i === axis ? from : 0));
    return tf.slice(x, begin, x.shape.map((size, i) => (i === axis ? length : size))); // prettier-ignore
  };
  const parts = [part(0, at), slice, part(at + 1, x.shape[axis]! - at - 1)];
  return tf.concat(parts.filter(({ size }) => size > 0), axis) as T; // prettier-ignore
}
