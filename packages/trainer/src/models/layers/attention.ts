import * as tf from '@tensorflow/tfjs';
import { tidy } from '../tidy.js';

/** What masked scores are lowered by: exp underflows to 0, and a fully masked row stays finite. */
export const MASKED = -1e30;

/** Softmax attention of one block, with what its backward pass needs. */
export interface AttentionResult {
  /** [n, Q, headDim] */
  readonly out: tf.Tensor3D;
  /** [n, Q, S] */
  readonly probabilities: tf.Tensor3D;
}

/**
 * softmax(q kᵀ / sqrt(headDim) + mask) v, for n independent blocks.
 *
 * @param q - [n, Q, headDim]
 * @param k - [n, S, headDim]
 * @param v - [n, S, headDim]
 * @param addMask - adds the mask to scores [n, Q, S]; absent when all keys are seen
 */
export function attention(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  addMask?: (scores: tf.Tensor3D) => tf.Tensor3D,
): AttentionResult {
  return tidy(() => {
    const scores = tf.matMul<tf.Tensor3D>(tf.mul<tf.Tensor3D>(q, scale(q)), k, false, true);
    const probabilities = tf.softmax(addMask ? addMask(scores) : scores);
    return { out: tf.matMul<tf.Tensor3D>(probabilities, v), probabilities };
  });
}

/**
 * @param expected - as in {@link softmaxBackward}, [n, Q, 1]
 * @returns dLoss/dq, dLoss/dk, dLoss/dv from dOut [n, Q, headDim] and the forward pass's probabilities
 */
export function attentionBackward(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  probabilities: tf.Tensor3D,
  dOut: tf.Tensor3D,
  expected: tf.Tensor3D,
): { readonly dQ: tf.Tensor3D; readonly dK: tf.Tensor3D; readonly dV: tf.Tensor3D } {
  return tidy(() => {
    const dV = tf.matMul<tf.Tensor3D>(probabilities, dOut, true, false);
    const dScores = softmaxBackward(probabilities, tf.matMul(dOut, v, false, true), expected);
    const dQ = tf.mul<tf.Tensor3D>(tf.matMul(dScores, k), scale(q));
    const dK = tf.mul<tf.Tensor3D>(tf.matMul(dScores, q, true, false), scale(q));
    return { dQ, dK, dV };
  });
}

/**
 * p · (dP − Σ dP·p), the gradient of a softmax over the last axis.
 *
 * @param expected - Σ dP·p, [.., 1]
 */
export function softmaxBackward(probabilities: tf.Tensor3D, dP: tf.Tensor3D, expected: tf.Tensor3D): tf.Tensor3D {
  return tidy(() => tf.mul(probabilities, tf.sub(dP, expected)));
}

/**
 * Σ dP·p of attention from what goes in and out: as out = p v and dP = dOut vᵀ, it is Σ dOut·out, over the columns of a head instead of all
 * keys (FlashAttention, arXiv 2205.14135, appendix B.2).
 *
 * @param out - [rows, heads, headDim]
 * @returns [rows, heads, 1]
 */
export function expectedGradient(out: tf.Tensor3D, dOut: tf.Tensor3D): tf.Tensor3D {
  return tidy(() => tf.sum(tf.mul(dOut, out), -1, true));
}

/** 1 / sqrt(headDim) */
export function scale(q: tf.Tensor): number {
  return 1 / Math.sqrt(q.shape[q.rank - 1]!);
}

/** [length, length]: 0 on and below the diagonal, {@link MASKED} above. */
export function causalMask(length: number): tf.Tensor2D {
  const mask = new Float32Array(length * length);
  for (let row = 0; row < length; row++) mask.fill(MASKED, row * length + row + 1, (row + 1) * length);
  return tf.tensor2d(mask, [length, length]);
}
