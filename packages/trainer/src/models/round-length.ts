import * as tf from '@tensorflow/tfjs';

/**
 * The length that prompts and completions are padded to: where programs are compiled for each shape, at most an eighth
 * longer, so that there are eight lengths between a power of two and the next; elsewhere the length itself.
 */
export function roundLength(length: number): number {
  if (tf.getBackend() !== 'tensorflow') return length;
  const step = Math.max(8, 2 ** (Math.floor(Math.log2(Math.max(1, length))) - 3));
  return Math.ceil(length / step) * step;
}
