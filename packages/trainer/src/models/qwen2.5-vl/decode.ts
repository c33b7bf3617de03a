import * as tf from '@tensorflow/tfjs';
import { MASKED, scale } from '../layers/attention.js';
import { gatedMlp } from '../layers/gated-mlp.js';
import { linear, mergeLinear } from '../layers/linear.js';
import { rmsNorm } from '../layers/rms-norm.js';
import type { RotaryTable } from '../layers/rotary.js';
import { free, tidy } from '../tidy.js';
import { mlpOf, projectHeads, type DecoderLayer } from './decoder-layer.js';
import type { PackedLayout } from './packed-layout.js';

/** Keys and values of one layer. */
export interface LayerCache {
  /** Of the prompts, [P·K, S, headDim]: computed once for all completions of a group, never copied. */
  readonly promptK: tf.Tensor3D;
  readonly promptV: tf.Tensor3D;
  /** Of the completions, [P·K·G, capacity, headDim], zeros where nothing is yet. */
  tailK: tf.Tensor3D;
  tailV: tf.Tensor3D;
}

/** What all layers of one decoding step share. */
export interface DecodeContext {
  readonly layout: PackedLayout;
  /** One row per completion, [P·G, 1, headDim]. */
  readonly rotary: RotaryTable;
  /** [P, 1, S], when prompts differ in length. */
  readonly padding?: tf.Tensor3D;
  /** [1, 1, capacity]: 0 up to and with the present token, −1e30 beyond. */
  readonly future: tf.Tensor3D;
  /** [1, capacity, 1]: 1 at the present token. */
  readonly present: tf.Tensor3D;
}

/** Completion tokens the cache grows by. Few sizes are ever allocated, which matters where buffers are kept by size. */
export const CAPACITY_STEP = 32;

/** Makes room for {@link CAPACITY_STEP} more tokens. */
export function growCache(cache: LayerCache): void {
  const grow = (tail: tf.Tensor3D): tf.Tensor3D => {
    const grown = tf.tidy(() =>
      tf.concat([tail, tf.zeros<tf.Rank.R3>([tail.shape[0], CAPACITY_STEP, tail.shape[2]])], 1),
    );
    tail.dispose();
    return grown;
  };
  cache.tailK = grow(cache.tailK);
  cache.tailV = grow(cache.tailV);
}

/** Masks of the step that puts its token at `index` of the tail. The caller disposes them. */
export function stepMasks(index: number, capacity: number): Pick<DecodeContext, 'future' | 'present'> {
  const future = new Float32Array(capacity).fill(MASKED, index + 1);
  const present = new Float32Array(capacity);
  present[index] = 1;
  return { future: tf.tensor3d(future, [1, 1, capacity]), present: tf.tensor3d(present, [1, capacity, 1]) };
}

/**
 * One token of every completion through one layer; its key and value go into the cache.
 *
 * @param x - [P·G, D]
 * @returns [P·G, D]
 */
export function decodeLayer(
  x: tf.Tensor2D,
  layer: DecoderLayer,
  cache: LayerCache,
  context: DecodeContext,
): tf.Tensor2D {
  const { y, tailK, tailV } = tidy(() => {
    const { q, k, v } = projectHeads(rmsNorm(x, layer.inputNorm), layer, context.layout, context.rotary);
    const tailK = tf.add<tf.Tensor3D>(cache.tailK, tf.mul(keyBlocks(k, context.layout), context.present));
    const tailV = tf.add<tf.Tensor3D>(cache.tailV, tf.mul(keyBlocks(v, context.layout), context.present));
    const attended = attendToCache(q, { ...cache, tailK, tailV }, context);
    const middle: tf.Tensor2D = tf.add(x, linear(attended, layer.o));
    return { y: gatedMlp(middle, mlpOf(layer)).y, tailK, tailV };
  });
  free(cache.tailK, cache.tailV);
  cache.tailK = tailK;
  cache.tailV = tailV;
  return y;
}

/** @param q - [P·G, heads, headDim] */
function attendToCache(q: tf.Tensor3D, cache: LayerCache, context: DecodeContext): tf.Tensor2D {
  const { prompts: P, promptLength: S, groupSize: G, keyHeads: K, heads, headDim } = context.layout;
  const rep = heads / K;
  const rows = P * K * G * rep;
  const capacity = cache.tailK.shape[1];
  const byKey = tf.transpose(tf.reshape(tf.mul(q, scale(q)), [P, G, K, rep * headDim]), [0, 2, 1, 3]);
  let toPrompt: tf.Tensor = tf.matMul(tf.reshape(byKey, [P * K, G * rep, headDim]), cache.promptK, false, true);
  if (context.padding) toPrompt = tf.add(tf.reshape(toPrompt, [P, K * G * rep, S]), context.padding);
  const toTail = tf.matMul(tf.reshape(byKey, [P * K * G, rep, headDim]), cache.tailK, false, true);
  const scores = tf.concat2d(
    [tf.reshape(toPrompt, [rows, S]), tf.reshape(tf.add(toTail, context.future), [rows, capacity])],
    1,
  );
  const probabilities = tf.softmax<tf.Tensor2D>(scores);
  const overPrompt = tf.reshape(tf.slice(probabilities, [0, 0], [-1, S]), [P * K, G * rep, S]);
  const overTail = tf.reshape(tf.slice(probabilities, [0, S], [-1, capacity]), [P * K * G, rep, capacity]);
  const out = tf.add(
    tf.reshape(tf.matMul(overPrompt, cache.promptV), [P, K, G, rep * headDim]),
    tf.reshape(tf.matMul(overTail, cache.tailV), [P, K, G, rep * headDim]),
  );
  return tf.reshape(tf.transpose(out, [0, 2, 1, 3]), [P * G, heads * headDim]);
}

/** [P·G, K, headDim] → [P·K·G, 1, headDim] */
function keyBlocks(x: tf.Tensor3D, layout: PackedLayout): tf.Tensor3D {
  const { prompts: P, groupSize: G, keyHeads: K, headDim } = layout;
  const byKey = tf.transpose(tf.reshape(x, [P, G, K, headDim]), [0, 2, 1, 3]);
  return tf.reshape(byKey, [P * K * G, 1, headDim]);
}

/** Layers with LoRA merged and weights transposed, see {@link mergeLinear}; `dispose` frees them. */
export function mergeLayers(layers: readonly DecoderLayer[]): {
  readonly layers: readonly DecoderLayer[];
  dispose(): void;
} {
  const merged = layers.map((layer) => {
    const { q, k, v, o, gate, up, down } = layer;
    const linears = { q, k, v, o, gate, up, down };
    const entries = Object.entries(linears).map(([name, part]) => [name, mergeLinear(part)] as const);
    return { ...layer, ...(Object.fromEntries(entries) as unknown as typeof linears) };
  });
  const dispose = (): void => {
    for (const { q, k, v, o, gate, up, down } of merged) {
      for (const part of [q, k, v, o, gate, up, down]) part.merged?.dispose();
    }
  };
  return { layers: merged, dispose };
}
