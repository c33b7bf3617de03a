import * as tf from '@tensorflow/tfjs';
import { tidy } from '../tidy.js';
import { scale, softmaxBackward } from './attention.js';

/** Query rows of a block, at least: with fewer, more goes into slices than is saved. */
const BLOCK_ROWS = 256;
/** Blocks of a sequence, at most: each makes the compiled program longer. */
const MOST_BLOCKS = 4;

/** Keys and their values that several sequences see: m groups of n / m consecutive sequences. */
export interface Keys {
  /** [m, S, headDim] */
  readonly k: tf.Tensor3D;
  readonly v: tf.Tensor3D;
  /** Added to the scores: [a, 1, S], a divisor of m, or [1, rows, S]. Absent when all keys are seen. */
  readonly mask?: tf.Tensor3D;
}

/** Queries, keys, values and probabilities: what the backward pass reads. */
export interface CausalAttention {
  /** [n, rep·L, headDim]: rows of the query heads that share a key head are stacked, head by head. */
  readonly q: tf.Tensor3D;
  /** [n, L, headDim] */
  readonly k: tf.Tensor3D;
  readonly v: tf.Tensor3D;
  /** Of each block of c rows that ends before row e: [n, rep·c, S + e]. */
  readonly probabilities: readonly tf.Tensor3D[];
}

/**
 * Attention of n sequences in which each row sees the keys of a prefix, where there is one, and of its own sequence up to itself:
 * softmax(q kᵀ / sqrt(headDim) + mask) v. It goes by blocks of query rows, and what the mask hides of all of a block is not computed.
 *
 * @param mask - [L, L], as `causalMask` makes it
 * @returns out, as q
 */
export function causalAttention(
  { q, k, v }: Omit<CausalAttention, 'probabilities'>,
  mask: tf.Tensor2D,
  prefix?: Keys,
): { readonly out: tf.Tensor3D; readonly probabilities: readonly tf.Tensor3D[] } {
  return tidy(() => {
    const length = k.shape[1];
    const scaled = tf.mul<tf.Tensor3D>(q, scale(q));
    const blocks = overBlocks(length, (block) => {
      const keys = keysOf(block, { k, v }, prefix, mask);
      const queries = rowsOf(scaled, block, length);
      const scores = joinKeys(keys.map((part) => masked(toKeys(queries, part.k), part.mask)));
      const probabilities = tf.softmax(scores);
      const shares = splitKeys(probabilities, keys);
      return { out: sum(keys.map((part, i) => toRows(shares[i]!, part.v))), probabilities };
    });
    const out = joinRows(blocks.map((block) => block.out), length); // prettier-ignore
    return { out, probabilities: blocks.map(({ probabilities }) => probabilities) };
  });
}

/** Gradients of keys and values, in their shapes. */
export interface KeyGradients {
  readonly dK: tf.Tensor3D;
  readonly dV: tf.Tensor3D;
}

/**
 * @param dOut - [n, rep·L, headDim]
 * @param expected - as in `softmaxBackward`, [n, rep·L, 1]
 */
export function causalAttentionBackward(
  { q, k, v, probabilities }: CausalAttention,
  dOut: tf.Tensor3D,
  expected: tf.Tensor3D,
  prefix?: Keys,
): { readonly dQ: tf.Tensor3D; readonly own: KeyGradients; readonly prefix?: KeyGradients } {
  return tidy(() => {
    const length = k.shape[1];
    const scaled = tf.mul<tf.Tensor3D>(q, scale(q));
    const blocks = overBlocks(length, (block, b) => {
      const keys = keysOf(block, { k, v }, prefix);
      const [queries, dRows] = [rowsOf(scaled, block, length), rowsOf(dOut, block, length)];
      const shares = splitKeys(probabilities[b]!, keys);
      const dP = joinKeys(keys.map((part) => toKeys(dRows, part.v)));
      const dScores = splitKeys(softmaxBackward(probabilities[b]!, dP, rowsOf(expected, block, length)), keys);
      return {
        dQ: sum(keys.map((part, i) => toRows(dScores[i]!, part.k))),
        dK: keys.map((part, i) => toKeyGradients(dScores[i]!, queries, part)),
        dV: keys.map((part, i) => toKeyGradients(shares[i]!, dRows, part)),
      };
    });
    const keyGradients = (part: number): KeyGradients => ({
      dK: sumOverBlocks(blocks.map(({ dK }) => dK.at(part)!)),
      dV: sumOverBlocks(blocks.map(({ dV }) => dV.at(part)!)),
    });
    const dQ = tf.mul<tf.Tensor3D>(joinRows(blocks.map((block) => block.dQ), length), scale(q)); // prettier-ignore
    return { dQ, own: keyGradients(-1), ...(prefix && { prefix: keyGradients(0) }) };
  });
}

/** Scores that are computed for one head of a sequence: length² in one block, 5/8 of it in four. */
export function causalScores(length: number): number {
  return rowBlocks(length).reduce((total, { from, to }) => total + (to - from) * to, 0);
}

/** Rows [from, to), which see no key from `to` on. */
interface RowBlock {
  readonly from: number;
  readonly to: number;
}

function rowBlocks(length: number): RowBlock[] {
  const count = Math.min(MOST_BLOCKS, Math.max(1, Math.floor(length / BLOCK_ROWS)));
  const rows = Math.ceil(length / count);
  return Array.from({ length: count }, (_, i) => ({ from: i * rows, to: Math.min(length, (i + 1) * rows) }));
}

/** Runs each block's operations, and frees what they leave before the next. */
const overBlocks = <T>(length: number, compute: (block: RowBlock, index: number) => T): T[] =>
  rowBlocks(length).map((block, index) => tidy(() => compute(block, index)));

/** The prefix, then the sequences' own keys up to the end of a block. */
function keysOf({ from, to }: RowBlock, own: Keys, prefix?: Keys, mask?: tf.Tensor2D): Keys[] {
  const upTo = (x: tf.Tensor3D): tf.Tensor3D => tf.slice(x, 0, [x.shape[0], to, x.shape[2]]);
  const hidden = mask && tf.expandDims<tf.Tensor3D>(tf.slice(mask, [from, 0], [to - from, to]));
  const keys = { k: upTo(own.k), v: upTo(own.v), ...(hidden && { mask: hidden }) };
  return prefix ? [prefix, keys] : [keys];
}

/** [n, rep·L, d] → [n, rep·c, d] */
function rowsOf(x: tf.Tensor3D, { from, to }: RowBlock, length: number): tf.Tensor3D {
  const [n, , d] = x.shape;
  const rows = tf.slice(tf.reshape(x, [n, -1, length, d]), [0, 0, from, 0], [n, -1, to - from, d]);
  return tf.reshape(rows, [n, -1, d]);
}

/** The inverse of {@link rowsOf} over all blocks. */
function joinRows(blocks: readonly tf.Tensor3D[], length: number): tf.Tensor3D {
  const [n, , d] = blocks[0]!.shape;
  const rows = rowBlocks(length).map(({ from, to }, i) => tf.reshape(blocks[i]!, [n, -1, to - from, d]));
  return tf.reshape(rows.length === 1 ? rows[0]! : tf.concat(rows, 2), [n, -1, d]);
}

/** [n, rows, d] → [m, n / m · rows, d]: the rows of the sequences that share keys, one after the other. */
const perKeys = (x: tf.Tensor3D, keys: tf.Tensor3D): tf.Tensor3D => tf.reshape(x, [keys.shape[0], -1, x.shape[2]]);

/** [n, rows, headDim] times [m, S, headDim] transposed → [n, rows, S] */
function toKeys(rows: tf.Tensor3D, keys: tf.Tensor3D): tf.Tensor3D {
  const [n, count] = rows.shape;
  return tf.reshape(tf.matMul(perKeys(rows, keys), keys, false, true), [n, count, keys.shape[1]]);
}

/** [n, rows, S] times [m, S, headDim] → [n, rows, headDim] */
function toRows(shares: tf.Tensor3D, keys: tf.Tensor3D): tf.Tensor3D {
  const [n, count] = shares.shape;
  return tf.reshape(tf.matMul(perKeys(shares, keys), keys), [n, count, keys.shape[2]]);
}

/**
 * Which of the two operands is transposed in the gradients of keys and values. XLA packs a transposed one value by value, so
 * there it is the narrow one, and the sum over all blocks is turned; XNNPACK packs the second one so: the narrow one again.
 */
const turnsSums = (): boolean => tf.getBackend() === 'tensorflow';

/** [n, rows, S] transposed times [n, rows, headDim] → [m, S, headDim], or that turned. */
function toKeyGradients(shares: tf.Tensor3D, rows: tf.Tensor3D, { k }: Keys): tf.Tensor3D {
  const [wide, narrow] = [perKeys(shares, k), perKeys(rows, k)];
  return turnsSums() ? tf.matMul(narrow, wide, true, false) : tf.matMul(wide, narrow, true, false);
}

/** Adds up what blocks give the keys that they see. @returns [m, S, headDim] */
function sumOverBlocks(parts: readonly tf.Tensor3D[]): tf.Tensor3D {
  const axis = turnsSums() ? 2 : 1;
  const all = parts.at(-1)!.shape[axis];
  const padded = parts.map((part) => {
    const missing = all - part.shape[axis];
    return missing === 0 ? part : tf.pad(part, part.shape.map((_, i) => [0, i === axis ? missing : 0])); // prettier-ignore
  });
  return turnsSums() ? tf.transpose(sum(padded), [0, 2, 1]) : sum(padded);
}

function masked(scores: tf.Tensor3D, mask?: tf.Tensor3D): tf.Tensor3D {
  if (mask === undefined) return scores;
  const [groups, rows, keys] = mask.shape;
  const view = groups > 1 ? [groups, -1, keys] : [-1, rows, keys];
  return tf.reshape(tf.add(tf.reshape(scores, view), mask), scores.shape);
}

const joinKeys = (parts: tf.Tensor3D[]): tf.Tensor3D => (parts.length === 1 ? parts[0]! : tf.concat(parts, 2));

/** The columns of each part's keys. */
function splitKeys(x: tf.Tensor3D, keys: readonly Keys[]): tf.Tensor3D[] {
  if (keys.length === 1) return [x];
  const sizes = keys.map(({ k }) => k.shape[1]);
  return sizes.map((size, i) => tf.slice(x, [0, 0, i === 0 ? 0 : sizes[0]!], [-1, -1, size]));
}

const sum = (tensors: readonly tf.Tensor3D[]): tf.Tensor3D => tensors.reduce((a, b) => tf.add(a, b));
