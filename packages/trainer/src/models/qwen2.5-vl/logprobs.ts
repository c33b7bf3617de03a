import * as tf from '@tensorflow/tfjs';
import { free } from '../tidy.js';
import type { Gradients } from '../gradients.js';

/** The output head: logits = hidden · weightᵀ / temperature. */
export interface Head {
  /** [V, D] */
  readonly weight: tf.Tensor2D;
  /** Under which name its gradient counts. */
  readonly name: string;
  readonly temperature: number;
}

/** Logits alive at one time, at most: 16 MiB of them. */
export const CHUNK_VALUES = 1 << 22;

/**
 * Log-probabilities of given tokens, a few rows at a time, so that the whole logits [n, V] never exist.
 *
 * @param hidden - [n, D], normed
 * @param targets - [n] token ids
 * @returns [n]; `entropies` too when asked for, of the whole distribution in nats
 */
export function tokenLogprobs(
  hidden: tf.Tensor2D,
  targets: tf.Tensor1D,
  head: Head,
  want: 'logprobs' | 'logprobs and entropies' = 'logprobs',
): { readonly logprobs: tf.Tensor1D; readonly entropies?: tf.Tensor1D } {
  const parts = chunks(targets.shape[0], head).map(([begin, size]) =>
    tf.tidy(() => {
      const rows = tf.slice(hidden, [begin, 0], [size, -1]);
      const { shifted, logSum } = logits(rows, head); // [c, V], [c, 1]
      const chosen = tf.gather(head.weight, tf.slice(targets, begin, size)); // [c, D]
      const logprob = tf.sub(
        tf.div(tf.sum(tf.mul(rows, chosen), 1), head.temperature),
        tf.add(tf.squeeze(logSum, [1]), tf.squeeze(shifted.top, [1])),
      );
      if (want === 'logprobs') return [logprob] as tf.Tensor1D[];
      const probabilities = tf.exp(tf.sub(shifted.values, logSum));
      const expected = tf.sum(tf.mul(probabilities, shifted.values), 1); // E[logit − top]
      return [logprob, tf.sub(tf.squeeze(logSum, [1]), expected)] as tf.Tensor1D[];
    }),
  );
  const join = (index: number): tf.Tensor1D => tf.concat(parts.map((part) => part[index]!));
  const result = want === 'logprobs' ? { logprobs: join(0) } : { logprobs: join(0), entropies: join(1) };
  free(parts);
  return result;
}

/** dLoss/dlogprobs, and dLoss/dentropies where there are any, [n] each. */
export interface TokenGradients {
  readonly logprobs: tf.Tensor1D;
  readonly entropies?: tf.Tensor1D;
}

/**
 * dlogprob/dlogits = onehot − softmax and dentropy/dlogits = −softmax · (log softmax + entropy), over the temperature: chunk
 * by chunk, from logits computed again.
 *
 * @returns dLoss/dhidden, [n, D]; the head's gradient is added to `gradients`
 */
export function tokenLogprobsBackward(
  hidden: tf.Tensor2D,
  targets: tf.Tensor1D,
  d: TokenGradients,
  head: Head,
  gradients: Gradients,
): tf.Tensor2D {
  const parts = chunks(targets.shape[0], head).map(([begin, size]) =>
    tf.tidy(() => {
      const rows = tf.slice(hidden, [begin, 0], [size, -1]);
      const ids = tf.slice(targets, begin, size);
      const column = (all: tf.Tensor1D): tf.Tensor2D =>
        tf.expandDims(tf.div(tf.slice(all, begin, size), head.temperature), 1);
      const dLogprob = column(d.logprobs);
      const { shifted, logSum } = logits(rows, head);
      const logps = tf.sub(shifted.values, logSum);
      const softmax = tf.exp(logps);
      /** d · (log softmax + entropy), [c, V]. */
      const surprise = (dEntropies: tf.Tensor1D): tf.Tensor =>
        tf.mul(column(dEntropies), tf.sub(logps, tf.sum(tf.mul(softmax, logps), 1, true)));
      const spread = tf.mul<tf.Tensor2D>(softmax, d.entropies ? tf.add(dLogprob, surprise(d.entropies)) : dLogprob); // −dlogits of all tokens, [c, V]
      gradients.add(head.name, () =>
        tf.sub(
          tf.unsortedSegmentSum(tf.mul(rows, dLogprob), ids, head.weight.shape[0]),
          tf.matMul(spread, rows, true, false),
        ),
      );
      return tf.sub<tf.Tensor2D>(tf.mul(tf.gather(head.weight, ids), dLogprob), tf.matMul(spread, head.weight));
    }),
  );
  const result = tf.concat(parts);
  free(parts);
  return result;
}

/** Begin and size of each run of rows. */
function chunks(rows: number, head: Head): [number, number][] {
  const size = Math.max(1, Math.floor(CHUNK_VALUES / head.weight.shape[0]));
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => [i * size, Math.min(size, rows - i * size)]);
}

/** Logits less their row's largest, that largest, and log Σ exp of the difference. */
function logits(
  rows: tf.Tensor2D,
  head: Head,
): { readonly shifted: { readonly values: tf.Tensor2D; readonly top: tf.Tensor2D }; readonly logSum: tf.Tensor2D } {
  const raw: tf.Tensor2D = tf.matMul(rows, head.weight, false, true);
  const scaled: tf.Tensor2D = head.temperature === 1 ? raw : tf.div(raw, head.temperature);
  const top: tf.Tensor2D = tf.max(scaled, 1, true);
  const values: tf.Tensor2D = tf.sub(scaled, top);
  return { shifted: { values, top }, logSum: tf.log(tf.sum(tf.exp(values), 1, true)) };
}
