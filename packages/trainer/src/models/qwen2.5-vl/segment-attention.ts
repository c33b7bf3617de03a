import * as tf from '@tensorflow/tfjs';
import { attention, attentionBackward, expectedGradient, MASKED } from '../layers/attention.js';
import { tidy } from '../tidy.js';

/** Consecutive runs of rows within which attention stays. */
export interface Segments {
  /** How many. */
  readonly count: number;
  /** Rows of the longest. */
  readonly length: number;
  /** Absent when all are equally long, and rows need only a reshape. */
  readonly padding?: SegmentPadding;
}

interface SegmentPadding {
  /** [count · length]: the row that goes to each place, row 0 on padding. */
  readonly source: tf.Tensor1D;
  /** [rows]: each row's place. */
  readonly place: tf.Tensor1D;
  /** [count, 1, length]: 0 on rows, −1e30 on padding. */
  readonly keys: tf.Tensor3D;
  /** [count · length, 1, 1]: 1 on rows, 0 on padding. */
  readonly present: tf.Tensor3D;
}

/** @param lengths - rows of each segment, in order */
export function segments(lengths: readonly number[]): Segments {
  const length = Math.max(...lengths);
  const count = lengths.length;
  if (lengths.every((rows) => rows === length)) return { count, length };
  const source = new Int32Array(count * length);
  const keys = new Float32Array(count * length).fill(MASKED);
  const present = new Float32Array(count * length);
  const place: number[] = [];
  lengths.forEach((rows, segment) => {
    for (let i = 0; i < rows; i++) {
      const at = segment * length + i;
      source[at] = place.length;
      keys[at] = 0;
      present[at] = 1;
      place.push(at);
    }
  });
  const padding = {
    source: tf.tensor1d(source, 'int32'),
    place: tf.tensor1d(place, 'int32'),
    keys: tf.tensor3d(keys, [count, 1, length]),
    present: tf.tensor3d(present, [count * length, 1, 1]),
  };
  return { count, length, padding };
}

/** Blocks as the backward pass needs them. */
export interface SegmentAttention {
  /** [rows, heads·headDim] */
  readonly out: tf.Tensor2D;
  /** [count·heads, length, headDim] */
  readonly q: tf.Tensor3D;
  readonly k: tf.Tensor3D;
  readonly v: tf.Tensor3D;
  readonly probabilities: tf.Tensor3D;
}

/**
 * Bidirectional attention within each segment.
 *
 * @param q - [rows, heads, headDim], as are k and v
 */
export function segmentAttention(q: tf.Tensor3D, k: tf.Tensor3D, v: tf.Tensor3D, within: Segments): SegmentAttention {
  return tidy(() => {
    const [, heads, headDim] = q.shape;
    const { count, length, padding } = within;
    const blocks = { q: toBlocks(q, within), k: toBlocks(k, within), v: toBlocks(v, within) };
    const hidePadding = (scores: tf.Tensor3D): tf.Tensor3D => {
      const perSegment = tf.reshape(scores, [count, heads * length, length]);
      return tf.reshape(tf.add(perSegment, padding!.keys), scores.shape);
    };
    const result = attention(blocks.q, blocks.k, blocks.v, padding && hidePadding);
    const rows = fromBlocks(result.out, heads, within);
    const out: tf.Tensor2D = tf.reshape(rows, [rows.shape[0], heads * headDim]);
    return { out, ...blocks, probabilities: result.probabilities };
  });
}

/**
 * @param dOut - [rows, heads·headDim]
 * @returns gradients of q, k and v, each [rows, heads, headDim]
 */
export function segmentAttentionBackward(
  forward: SegmentAttention,
  dOut: tf.Tensor2D,
  heads: number,
  within: Segments,
): { readonly dQ: tf.Tensor3D; readonly dK: tf.Tensor3D; readonly dV: tf.Tensor3D } {
  return tidy(() => {
    const { q, k, v, probabilities } = forward;
    const byHeads = (x: tf.Tensor2D): tf.Tensor3D => tf.reshape(x, [x.shape[0], heads, q.shape[2]]);
    const dHeads = byHeads(dOut);
    const expected = toBlocks(expectedGradient(byHeads(forward.out), dHeads), within);
    const { dQ, dK, dV } = attentionBackward(q, k, v, probabilities, toBlocks(dHeads, within), expected);
    return {
      dQ: fromBlocks(dQ, heads, within),
      dK: fromBlocks(dK, heads, within),
      dV: fromBlocks(dV, heads, within),
    };
  });
}

/** [rows, heads, headDim] → [count·heads, length, headDim], 0 on padding. */
function toBlocks(x: tf.Tensor3D, within: Segments): tf.Tensor3D {
  const { count, length, padding } = within;
  const [, heads, headDim] = x.shape;
  const padded = padding ? tf.mul(tf.gather(x, padding.source), padding.present) : x;
  const blocks = tf.reshape(padded, [count, length, heads, headDim]);
  return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [count * heads, length, headDim]);
}

/** The inverse of {@link toBlocks}; padding is dropped. */
function fromBlocks(x: tf.Tensor3D, heads: number, within: Segments): tf.Tensor3D {
  const { count, length, padding } = within;
  const headDim = x.shape[2];
  const blocks = tf.transpose(tf.reshape(x, [count, heads, length, headDim]), [0, 2, 1, 3]);
  const rows: tf.Tensor3D = tf.reshape(blocks, [count * length, heads, headDim]);
  return padding ? tf.gather(rows, padding.place) : rows;
}
