import * as tf from '@tensorflow/tfjs';

/** A length at most an eighth longer: there are eight of them between a power of two and the next. */
export function eighthsUp(length: number): number {
  const step = Math.max(8, 2 ** (Math.floor(Math.log2(Math.max(1, length))) - 3));
  return Math.ceil(length / step) * step;
}

/**
 * The length that prompts and completions are padded to: where programs are compiled for each shape, one of few, elsewhere the
 * length itself.
 */
export function roundLength(length: number): number {
  return tf.getBackend() === 'tensorflow' ? eighthsUp(length) : length;
}

/** How many of those that wait are computed together: where programs are compiled for each shape, a power of two. */
export function roundCount(waiting: number): number {
  return tf.getBackend() === 'tensorflow' ? 2 ** Math.floor(Math.log2(waiting)) : waiting;
}
