import { writeSlice } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import { MASKED, scale } from '../layers/attention.js';
import { gatedMlp } from '../layers/gated-mlp.js';
import { linear } from '../layers/linear.js';
import { rmsNorm } from '../layers/rms-norm.js';
import type { RotaryTable } from '../layers/rotary.js';
import { tidy } from '../tidy.js';
import { mlpOf, projectHeads, type DecoderLayer } from './decoder-layer.js';
import type { LanguageWeights } from './language-weights.js';
import type { PackedLayout } from './packed-layout.js';

/** Keys and values of the prompts in one layer, [P·K, S, headDim]: computed once for all completions, never copied. */
export interface PromptCache {
  readonly k: tf.Tensor3D;
  readonly v: tf.Tensor3D;
}

/** Those of the completions, [P·K·G, capacity, headDim], zeros where nothing is yet. */
export interface TailCache {
  readonly k: tf.Tensor3D;
  readonly v: tf.Tensor3D;
}

/** What all layers of one decoding step share. */
export interface DecodeContext {
  readonly layout: PackedLayout;
  /** One row per completion, [P·G, 1, headDim]. */
  readonly rotary: RotaryTable;
  /** [P, 1, S], when prompts differ in length. */
  readonly padding?: tf.Tensor3D;
  /** Where in the tails the present token goes; int32. */
  readonly index: tf.Scalar;
  /** [1, 1, capacity]: 0 up to and with the present token, −1e30 beyond. */
  readonly future: tf.Tensor3D;
}

/** A cache with room for `capacity` tokens, which starts with those of another one, if any. */
export function tailCache(layout: PackedLayout, capacity: number, before?: TailCache): TailCache {
  const { prompts, keyHeads, groupSize, headDim } = layout;
  const room = capacity - (before?.k.shape[1] ?? 0);
  const empty = (): tf.Tensor3D => tf.zeros([prompts * keyHeads * groupSize, room, headDim]);
  const grow = (x?: tf.Tensor3D): tf.Tensor3D => (x ? tf.concat([x, empty()], 1) : empty());
  return { k: grow(before?.k), v: grow(before?.v) };
}

/** The mask of the step that puts its token at `index` of the tail. */
export function futureMask(index: tf.Scalar, capacity: number): tf.Tensor3D {
  const hidden = tf.greater(tf.range(0, capacity, 1, 'int32'), index);
  return tf.reshape(tf.mul(tf.cast(hidden, 'float32'), MASKED), [1, 1, capacity]);
}

/**
 * The latest token of every completion through the whole model; keys and values are added to the caches of the tails.
 *
 * @param ids - [P·G]
 * @returns logits [P·G, V] of the next token, and the new tails; the caller disposes them, and the old tails
 */
export function decodeStep(
  ids: tf.Tensor1D,
  context: DecodeContext,
  prompts: readonly PromptCache[],
  tails: readonly TailCache[],
  weights: LanguageWeights,
): { readonly logits: tf.Tensor2D; readonly tails: TailCache[] } {
  return tidy(() => {
    let x: tf.Tensor2D = tf.gather(weights.embedding, ids);
    const grown = weights.layers.map((layer, index) => {
      const { y, tail } = decodeLayer(x, layer, prompts[index]!, tails[index]!, context);
      x.dispose();
      x = y;
      return tail;
    });
    return { logits: linear(rmsNorm(x, weights.finalNorm), weights.head), tails: grown };
  });
}

/** @param x - [P·G, D] */
function decodeLayer(
  x: tf.Tensor2D,
  layer: DecoderLayer,
  prompt: PromptCache,
  before: TailCache,
  context: DecodeContext,
): { readonly y: tf.Tensor2D; readonly tail: TailCache } {
  return tidy(() => {
    const { q, k, v } = projectHeads(rmsNorm(x, layer.inputNorm), layer, context.layout, context.rotary);
    const tail = {
      k: writeSlice(before.k, keyBlocks(k, context.layout), 1, context.index),
      v: writeSlice(before.v, keyBlocks(v, context.layout), 1, context.index),
    };
    const middle: tf.Tensor2D = tf.add(x, linear(attendToCache(q, prompt, tail, context), layer.o));
    return { y: gatedMlp(middle, mlpOf(layer)).y, tail };
  });
}

/** @param q - [P·G, heads, headDim] */
function attendToCache(q: tf.Tensor3D, prompt: PromptCache, tail: TailCache, context: DecodeContext): tf.Tensor2D {
  const { prompts: P, promptLength: S, groupSize: G, keyHeads: K, heads, headDim } = context.layout;
  const rep = heads / K;
  const rows = P * K * G * rep;
  const capacity = tail.k.shape[1];
  const byKey = tf.transpose(tf.reshape(tf.mul(q, scale(q)), [P, G, K, rep * headDim]), [0, 2, 1, 3]);
  let toPrompt: tf.Tensor = tf.matMul(tf.reshape(byKey, [P * K, G * rep, headDim]), prompt.k, false, true);
  if (context.padding) toPrompt = tf.add(tf.reshape(toPrompt, [P, K * G * rep, S]), context.padding);
  const toTail = tf.matMul(tf.reshape(byKey, [P * K * G, rep, headDim]), tail.k, false, true);
  const scores = tf.concat2d(
    [tf.reshape(toPrompt, [rows, S]), tf.reshape(tf.add(toTail, context.future), [rows, capacity])],
    1,
  );
  const probabilities = tf.softmax<tf.Tensor2D>(scores);
  const overPrompt = tf.reshape(tf.slice(probabilities, [0, 0], [-1, S]), [P * K, G * rep, S]);
  const overTail = tf.reshape(tf.slice(probabilities, [0, S], [-1, capacity]), [P * K * G, rep, capacity]);
  const out = tf.add(
    tf.reshape(tf.matMul(overPrompt, prompt.v), [P, K, G, rep * headDim]),
    tf.reshape(tf.matMul(overTail, tail.v), [P, K, G, rep * headDim]),
  );
  return tf.reshape(tf.transpose(out, [0, 2, 1, 3]), [P * G, heads * headDim]);
}

/** [P·G, K, headDim] → [P·K·G, 1, headDim] */
function keyBlocks(x: tf.Tensor3D, layout: PackedLayout): tf.Tensor3D {
  const { prompts: P, groupSize: G, keyHeads: K, headDim } = layout;
  const byKey = tf.transpose(tf.reshape(x, [P, G, K, headDim]), [0, 2, 1, 3]);
  return tf.reshape(byKey, [P * K * G, 1, headDim]);
}
