import * as tf from '@tensorflow/tfjs';
import { tidy } from '../tidy.js';
import type { Gradients } from '../gradients.js';
import { gatedMlp, gatedMlpBackward, type GatedMlp, type GatedMlpSaved } from '../layers/gated-mlp.js';
import { linear, linearBackward, type Linear } from '../layers/linear.js';
import { rmsNorm, rmsNormBackward, type RmsNorm } from '../layers/rms-norm.js';
import { rotate, rotateBackward, type RotaryTable } from '../layers/rotary.js';
import { packedAttention, packedAttentionBackward, type PackedAttention } from './packed-attention.js';
import type { PackedLayout, PackedMasks } from './packed-layout.js';

/** One transformer layer of the language model. */
export interface DecoderLayer {
  readonly inputNorm: RmsNorm;
  readonly q: Linear;
  readonly k: Linear;
  readonly v: Linear;
  readonly o: Linear;
  readonly postNorm: RmsNorm;
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
}

/** What all layers of one pass share. */
export interface DecoderContext {
  readonly layout: PackedLayout;
  readonly masks: PackedMasks;
  /** One row of the table per row of the batch. */
  readonly rotary: RotaryTable;
}

/** The output, and everything the backward pass reads again. */
export interface DecoderLayerResult {
  /** [rows, D] */
  readonly y: tf.Tensor2D;
  readonly saved: Saved;
}

interface Saved extends GatedMlpSaved {
  readonly x: tf.Tensor2D;
  readonly normed: tf.Tensor2D;
  readonly attended: PackedAttention;
}

/**
 * x + attention(norm x), then + mlp(norm ·).
 *
 * @param x - [rows, D]
 */
export function decoderLayer(x: tf.Tensor2D, layer: DecoderLayer, context: DecoderContext): DecoderLayerResult {
  return tidy(() => {
    const { layout, masks } = context;
    const normed = rmsNorm(x, layer.inputNorm);
    const { q, k, v } = projectHeads(normed, layer, layout, context.rotary);
    const attended = packedAttention(q, k, v, layout, masks);
    const middle: tf.Tensor2D = tf.add(x, linear(attended.out, layer.o));
    const { y, saved } = gatedMlp(middle, mlpOf(layer));
    return { y, saved: { x, normed, attended, ...saved } };
  });
}

/** Rotated queries and keys, and values: [rows, heads, headDim]. */
export function projectHeads(
  normed: tf.Tensor2D,
  layer: DecoderLayer,
  shape: Pick<PackedLayout, 'heads' | 'keyHeads' | 'headDim'>,
  rotary: RotaryTable,
): { readonly q: tf.Tensor3D; readonly k: tf.Tensor3D; readonly v: tf.Tensor3D } {
  const { heads, keyHeads, headDim } = shape;
  const rows = normed.shape[0];
  const q: tf.Tensor3D = tf.reshape(linear(normed, layer.q), [rows, heads, headDim]);
  const k: tf.Tensor3D = tf.reshape(linear(normed, layer.k), [rows, keyHeads, headDim]);
  const v: tf.Tensor3D = tf.reshape(linear(normed, layer.v), [rows, keyHeads, headDim]);
  return { q: rotate(q, rotary), k: rotate(k, rotary), v };
}

/** The layer's second half. */
export const mlpOf = ({ postNorm: norm, gate, up, down }: DecoderLayer): GatedMlp => ({ norm, gate, up, down });

/**
 * @param dy - [rows, D]
 * @returns dLoss/dx, [rows, D]; parameters' gradients are added to `gradients`
 */
export function decoderLayerBackward(
  saved: Saved,
  dy: tf.Tensor2D,
  layer: DecoderLayer,
  context: DecoderContext,
  gradients: Gradients,
): tf.Tensor2D {
  return tidy(() => {
    const dMiddle = gatedMlpBackward(saved, dy, mlpOf(layer), gradients);
    const { attended, normed } = saved;
    const dOut = linearBackward(attended.out, dMiddle, layer.o, gradients);
    const { dQ, dK, dV } = packedAttentionBackward(attended, dOut, context.layout);
    const flat = (d: tf.Tensor3D): tf.Tensor2D => tf.reshape(d, [d.shape[0], d.shape[1] * d.shape[2]]);
    const dNormed = tf.addN([
      linearBackward(normed, flat(rotateBackward(dQ, context.rotary)), layer.q, gradients),
      linearBackward(normed, flat(rotateBackward(dK, context.rotary)), layer.k, gradients),
      linearBackward(normed, flat(dV), layer.v, gradients),
    ]);
    return tf.add(dMiddle, rmsNormBackward(saved.x, dNormed, layer.inputNorm, gradients));
  });
}
