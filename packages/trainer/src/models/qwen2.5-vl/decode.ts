import * as tf from '@tensorflow/tfjs';
import { MASKED, scale } from '../layers/attention.js';
import { gatedMlp } from '../layers/gated-mlp.js';
import { linear, mergeLinear } from '../layers/linear.js';
import { rmsNorm, type RmsNorm } from '../layers/rms-norm.js';
import type { RotaryTable } from '../layers/rotary.js';
import { tidy } from '../tidy.js';
import { mlpOf, projectHeads, type DecoderLayer } from './decoder-layer.js';
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
  /** [1, 1, capacity]: 0 up to and with the present token, −1e30 beyond. */
  readonly future: tf.Tensor3D;
  /** [1, capacity, 1]: 1 at the present token. */
  readonly present: tf.Tensor3D;
}

/** Completion tokens the cache starts with room for. It doubles: few sizes are ever allocated or compiled. */
export const FIRST_CAPACITY = 32;

/** Makes room for as many tokens again; consumes the cache. */
export function growCache(tail: TailCache): TailCache {
  const grow = (x: tf.Tensor3D): tf.Tensor3D => {
    const grown = tf.tidy(() => tf.concat([x, tf.zerosLike(x)], 1));
    x.dispose();
    return grown;
  };
  return { k: grow(tail.k), v: grow(tail.v) };
}

/** Masks of the step that puts its token at `index` of the tail. The caller disposes them. */
export function stepMasks(index: number, capacity: number): Pick<DecodeContext, 'future' | 'present'> {
  const future = new Float32Array(capacity).fill(MASKED, index + 1);
  const present = new Float32Array(capacity);
  present[index] = 1;
  return { future: tf.tensor3d(future, [1, 1, capacity]), present: tf.tensor3d(present, [1, capacity, 1]) };
}

/** What decoding multiplies by, the same for all steps. */
export interface DecodeWeights {
  /** [V, D] */
  readonly embedding: tf.Tensor2D;
  /** With merged weights, see {@link mergeLayers}. */
  readonly layers: readonly DecoderLayer[];
  readonly finalNorm: RmsNorm;
  /** [D, V] */
  readonly head: tf.Tensor2D;
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
  weights: DecodeWeights,
): { readonly logits: tf.Tensor2D; readonly tails: TailCache[] } {
  return tidy(() => {
    let x: tf.Tensor2D = tf.gather(weights.embedding, ids);
    const grown = weights.layers.map((layer, index) => {
      const { y, tail } = decodeLayer(x, layer, prompts[index]!, tails[index]!, context);
      x.dispose();
      x = y;
      return tail;
    });
    return { logits: tf.matMul(rmsNorm(x, weights.finalNorm), weights.head), tails: grown };
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
      k: tf.add<tf.Tensor3D>(before.k, tf.mul(keyBlocks(k, context.layout), context.present)),
      v: tf.add<tf.Tensor3D>(before.v, tf.mul(keyBlocks(v, context.layout), context.present)),
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
