import * as tf from '@tensorflow/tfjs';
import { MASKED } from '../layers/attention.js';
import { tidy } from '../tidy.js';

/** How a token is drawn from logits. */
export interface DrawOptions {
  /** 0 takes the likeliest token. */
  readonly temperature: number;
  /** Keep the k likeliest tokens; 0 keeps all. */
  readonly topK: number;
  /** Keep the smallest set of tokens with at least this probability; 1 keeps all. */
  readonly topP: number;
  /** Tokens that are never drawn. */
  readonly suppressed: readonly number[];
}

/** Tokens and their log-probabilities under the distribution they were drawn from; at temperature 0, under the softmax. */
export interface DrawnTokens {
  /** [n] of type int32 */
  readonly tokens: tf.Tensor1D;
  /** [n] */
  readonly logprobs: tf.Tensor1D;
}

/**
 * Draws one token for each row: suppression, temperature, top-k, top-p, in this order (that of transformers). Each row
 * is drawn from by itself, so that its token does not depend on its neighbours.
 *
 * @param logits - [n, V]
 * @param uniforms - [n] random numbers in [0, 1); not read at temperature 0
 */
export function drawTokens(logits: tf.Tensor2D, uniforms: tf.Tensor1D, options: DrawOptions): DrawnTokens {
  return tidy(() => {
    const { temperature, topK, topP } = options;
    const allowed = suppress(logits, options.suppressed);
    const greedy = temperature === 0;
    if (greedy || (topK === 0 && topP >= 1)) return drawFrom(allowed, greedy ? undefined : uniforms, temperature);
    const { values, indices } = tf.topk(allowed, topK > 0 ? Math.min(topK, logits.shape[1]) : logits.shape[1]);
    const drawn = drawFrom(values, uniforms, temperature, topP);
    return { ...drawn, tokens: pick(indices, drawn.tokens) };
  });
}

function suppress(logits: tf.Tensor2D, tokens: readonly number[]): tf.Tensor2D {
  if (tokens.length === 0) return logits;
  const mask = new Float32Array(logits.shape[1]);
  for (const token of tokens) mask[token] = MASKED;
  return tf.add(logits, tf.tensor1d(mask));
}

/**
 * Draws columns by inverting the running sum of their weights.
 *
 * @param scores - [n, m]; likeliest first, where topP is below 1
 */
function drawFrom(scores: tf.Tensor2D, uniforms: tf.Tensor1D | undefined, temperature: number, topP = 1): DrawnTokens {
  const best = tf.argMax<tf.Tensor1D>(scores, 1);
  const shifted = tf.mul<tf.Tensor2D>(tf.sub(scores, tf.max(scores, 1, true)), 1 / (temperature || 1));
  const all: tf.Tensor2D = tf.exp(shifted);
  const weights = topP < 1 ? keepNucleus(all, topP) : all;
  const total: tf.Tensor2D = tf.sum(weights, 1, true); // [n, 1]
  const tokens = uniforms === undefined ? best : invert(weights, tf.mul(total, tf.expandDims(uniforms, 1)), best);
  return { tokens, logprobs: tf.sub(pick(shifted, tokens), tf.log(tf.squeeze(total, [1]))) };
}

/** Weights, likeliest first, with 0 in place of those past the share `topP`. The likeliest always stays. */
function keepNucleus(weights: tf.Tensor2D, topP: number): tf.Tensor2D {
  const enough = tf.mul(tf.sum(weights, 1, true), Math.max(topP, 1e-30));
  return tf.mul(weights, tf.cast(tf.less(tf.cumsum(weights, 1, true), enough), 'float32'));
}

/**
 * The first column of each row at which the running sum of weights passes the row's mark, or `otherwise` if rounding lets
 * none. In long rows the sum goes over blocks first and then within one of them, which a device does many times faster
 * than one long running sum.
 *
 * @param marks - [n, 1]
 */
function invert(weights: tf.Tensor2D, marks: tf.Tensor2D, otherwise: tf.Tensor1D): tf.Tensor1D {
  const [rows, columns] = weights.shape;
  if (columns <= 1024) {
    const { index, found } = firstPast(weights, marks);
    return tf.where(found, index, otherwise);
  }
  const width = Math.ceil(Math.sqrt(columns));
  const count = Math.ceil(columns / width);
  const blocks = tf.reshape<tf.Rank.R3>(tf.pad(weights, [[0, 0], [0, count * width - columns]]), [rows, count, width]); // prettier-ignore
  const sums: tf.Tensor2D = tf.sum(blocks, 2);
  const outer = firstPast(sums, marks);
  const block = rowsOf(count, outer.index);
  const before = tf.gather(tf.reshape(tf.cumsum(sums, 1, true), [-1]), block); // [n]
  const within: tf.Tensor2D = tf.gather(tf.reshape(blocks, [rows * count, width]), block);
  const inner = firstPast(within, tf.sub(marks, tf.expandDims(before, 1)));
  const index = tf.add<tf.Tensor1D>(tf.mul(outer.index, tf.scalar(width, 'int32')), inner.index);
  return tf.where(tf.logicalAnd(outer.found, inner.found), index, otherwise);
}

function firstPast(weights: tf.Tensor2D, marks: tf.Tensor2D): { index: tf.Tensor1D; found: tf.Tensor1D } {
  // A weight of 0 is passed over: by rounding, the sum may still seem to grow there.
  const past = tf.logicalAnd(tf.greater(tf.sub(tf.cumsum(weights, 1), marks), 0), tf.greater(weights, 0));
  return { index: tf.argMax(tf.cast(past, 'int32'), 1), found: tf.any(past, 1) };
}

/** x[row, columns[row]] of each row */
function pick(x: tf.Tensor2D, columns: tf.Tensor1D): tf.Tensor1D {
  return tf.gather(tf.reshape(x, [-1]), rowsOf(x.shape[1], columns));
}

/** Where each row's column lies when rows of this width follow one another. */
function rowsOf(width: number, columns: tf.Tensor1D): tf.Tensor1D {
  const starts = Int32Array.from({ length: columns.shape[0] }, (_, row) => row * width);
  return tf.add(columns, tf.tensor1d(starts, 'int32'));
}
