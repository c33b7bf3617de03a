import * as tf from '@tensorflow/tfjs';
import { causalMask, MASKED } from '../layers/attention.js';

/**
 * How rows are laid out: first the prompts, [P, S] padded on the right, then the completions, [P, G, C] padded on the
 * right. Each completion attends to its own prompt and to itself, so a prompt is computed once for its whole group.
 */
export interface PackedLayout {
  /** P */
  readonly prompts: number;
  /** S, the longest prompt's tokens. */
  readonly promptLength: number;
  /** G, the completions a prompt has (padded to the largest group). */
  readonly groupSize: number;
  /** C, the completion tokens that go in; 0 when only prompts are computed. */
  readonly completionLength: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly headDim: number;
}

/** Additive masks of a layout, shared by all layers. */
export interface PackedMasks {
  /** [S, S] */
  readonly prompt: tf.Tensor2D;
  /** [C, C] */
  readonly completion?: tf.Tensor2D;
  /** [P, 1, S], −1e30 on padding; absent when all prompts are equally long. */
  readonly padding?: tf.Tensor3D;
}

/** @param promptLengths - tokens of each prompt, at most `layout.promptLength` */
export function packedMasks(layout: PackedLayout, promptLengths: readonly number[]): PackedMasks {
  const { prompts, promptLength, completionLength } = layout;
  const masks = { prompt: causalMask(promptLength) };
  if (completionLength === 0) return masks;
  const completion = causalMask(completionLength);
  if (promptLengths.every((length) => length === promptLength)) return { ...masks, completion };
  return { ...masks, completion, padding: paddingMask(promptLengths, prompts, promptLength) };
}

/** [P, 1, S]: 0 on tokens, −1e30 on padding. */
export function paddingMask(promptLengths: readonly number[], prompts: number, promptLength: number): tf.Tensor3D {
  const mask = new Float32Array(prompts * promptLength);
  promptLengths.forEach((length, p) => mask.fill(MASKED, p * promptLength + length, (p + 1) * promptLength));
  return tf.tensor3d(mask, [prompts, 1, promptLength]);
}

/** Rows [.., H, width] of the prompts → [P·K, (H/K)·S, width]. */
export function promptBlocks(x: tf.Tensor3D, layout: PackedLayout): tf.Tensor3D {
  const { prompts: P, promptLength: S, keyHeads: K } = layout;
  const [, heads, width] = x.shape;
  const rows = tf.reshape(tf.slice(x, 0, P * S), [P, S, heads, width]);
  return tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [P * K, (heads / K) * S, width]);
}

/** [P·K, (H/K)·S, headDim] → [P·S, H, headDim] */
export function fromPromptBlocks(x: tf.Tensor3D, layout: PackedLayout, heads: number): tf.Tensor3D {
  const { prompts: P, promptLength: S, headDim } = layout;
  const blocks = tf.reshape(x, [P, heads, S, headDim]);
  return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [P * S, heads, headDim]);
}

/** Rows [.., H, width] of the completions → [P·K·G, (H/K)·C, width]. Two transposes of rank 4: one of rank 6 is slow. */
export function completionBlocks(x: tf.Tensor3D, layout: PackedLayout): tf.Tensor3D {
  const { prompts: P, promptLength: S, groupSize: G, completionLength: C, keyHeads: K } = layout;
  const [, heads, width] = x.shape;
  const rows = tf.reshape(tf.slice(x, P * S, P * G * C), [P * G, C, heads, width]);
  const byHead = tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [P, G, K, (heads / K) * C * width]);
  return tf.reshape(tf.transpose(byHead, [0, 2, 1, 3]), [P * K * G, (heads / K) * C, width]);
}

/** [P·K·G, (H/K)·C, headDim] → [P·G·C, H, headDim] */
export function fromCompletionBlocks(x: tf.Tensor3D, layout: PackedLayout, heads: number): tf.Tensor3D {
  const { prompts: P, groupSize: G, completionLength: C, keyHeads: K, headDim } = layout;
  const byKey = tf.reshape(x, [P, K, G, (heads / K) * C * headDim]);
  const byGroup = tf.reshape(tf.transpose(byKey, [0, 2, 1, 3]), [P * G, heads, C, headDim]);
  return tf.reshape(tf.transpose(byGroup, [0, 2, 1, 3]), [P * G * C, heads, headDim]);
}
