import * as tf from '@tensorflow/tfjs';
import type { Gradients } from '../gradients.js';
import { gatedMlp, gatedMlpBackward, type GatedMlp, type GatedMlpSaved } from '../layers/gated-mlp.js';
import { linear, linearBackward, type Linear } from '../layers/linear.js';
import { rmsNorm, rmsNormBackward, type RmsNorm } from '../layers/rms-norm.js';
import { rotate, rotateBackward, type RotaryTable } from '../layers/rotary.js';
import { tidy } from '../tidy.js';
import {
  segmentAttention,
  segmentAttentionBackward,
  type SegmentAttention,
  type Segments,
} from './segment-attention.js';

/** One transformer block of the vision tower. */
export interface VisionBlock {
  readonly norm1: RmsNorm;
  /** D → 3D: queries, keys, values. */
  readonly qkv: Linear;
  readonly proj: Linear;
  readonly norm2: RmsNorm;
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
  readonly heads: number;
}

/** What a block attends within, and where its patches are. */
export interface VisionContext {
  readonly rotary: RotaryTable;
  readonly within: Segments;
}

interface Saved extends GatedMlpSaved {
  readonly x: tf.Tensor2D;
  readonly normed: tf.Tensor2D;
  readonly attended: SegmentAttention;
}

const mlpOf = ({ norm2: norm, gate, up, down }: VisionBlock): GatedMlp => ({ norm, gate, up, down });

/**
 * x + attention(norm1 x), then + mlp(norm2 ·).
 *
 * @param x - [patches, D]
 */
export function visionBlock(
  x: tf.Tensor2D,
  block: VisionBlock,
  context: VisionContext,
): { readonly y: tf.Tensor2D; readonly saved: Saved } {
  return tidy(() => {
    const normed = rmsNorm(x, block.norm1);
    const [patches, size] = normed.shape;
    const qkv: tf.Tensor3D = tf.reshape(linear(normed, block.qkv), [patches, 3, size]);
    const part = (index: number): tf.Tensor3D =>
      tf.reshape(tf.slice(qkv, [0, index, 0], [-1, 1, -1]), [patches, block.heads, size / block.heads]);
    const [q, k] = [rotate(part(0), context.rotary), rotate(part(1), context.rotary)];
    const attended = segmentAttention(q, k, part(2), context.within);
    const middle: tf.Tensor2D = tf.add(x, linear(attended.out, block.proj));
    const { y, saved } = gatedMlp(middle, mlpOf(block));
    return { y, saved: { x, normed, attended, ...saved } };
  });
}

/**
 * @param dy - [patches, D]
 * @returns dLoss/dx, [patches, D]; parameters' gradients are added to `gradients`
 */
export function visionBlockBackward(
  saved: Saved,
  dy: tf.Tensor2D,
  block: VisionBlock,
  context: VisionContext,
  gradients: Gradients,
): tf.Tensor2D {
  return tidy(() => {
    const { x, normed, attended } = saved;
    const dMiddle = gatedMlpBackward(saved, dy, mlpOf(block), gradients);
    const dOut = linearBackward(attended.out, dMiddle, block.proj, gradients);
    const { dQ, dK, dV } = segmentAttentionBackward(attended, dOut, block.heads, context.within);
    const dParts = [rotateBackward(dQ, context.rotary), rotateBackward(dK, context.rotary), dV];
    const size = x.shape[1];
    const dQkv = tf.concat(
      dParts.map((d) => tf.reshape<tf.Rank.R2>(d, [x.shape[0], size])),
      1,
    );
    const dNormed = linearBackward(normed, dQkv, block.qkv, gradients);
    return tf.add(dMiddle, rmsNormBackward(x, dNormed, block.norm1, gradients));
  });
}
