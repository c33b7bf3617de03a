import * as tf from '@tensorflow/tfjs';
import {
  causalAttention,
  causalAttentionBackward,
  type CausalAttention,
  type Keys,
} from '../layers/causal-attention.js';
import { expectedGradient } from '../layers/attention.js';
import { tidy } from '../tidy.js';
import {
  completionBlocks,
  fromCompletionBlocks,
  fromPromptBlocks,
  promptBlocks,
  type PackedLayout,
  type PackedMasks,
} from './packed-layout.js';

/** Queries, keys and values as blocks, and the probabilities: what the backward pass needs, and what a cache keeps. */
export interface PackedAttention {
  /** [P·S + P·G·C, heads·headDim] */
  readonly out: tf.Tensor2D;
  /** Of P·K sequences. */
  readonly prompt: CausalAttention;
  /** Of P·K·G sequences, G in a row with one prompt. */
  readonly completion?: CausalAttention;
}

/**
 * Grouped-query attention over a packed batch.
 *
 * @param q - [rows, heads, headDim], rotated
 * @param k - [rows, keyHeads, headDim], rotated
 * @param v - [rows, keyHeads, headDim]
 */
export function packedAttention(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  layout: PackedLayout,
  masks: PackedMasks,
): PackedAttention {
  return tidy(() => {
    const { heads, headDim, completionLength } = layout;
    const flat = (rows: tf.Tensor3D): tf.Tensor2D => tf.reshape(rows, [rows.shape[0], heads * headDim]);
    const inPrompt = { q: promptBlocks(q, layout), k: promptBlocks(k, layout), v: promptBlocks(v, layout) };
    const { out, probabilities } = causalAttention(inPrompt, masks.prompt);
    const prompt = { ...inPrompt, probabilities };
    const promptOut = fromPromptBlocks(out, layout, heads);
    if (completionLength === 0) return { out: flat(promptOut), prompt };
    const own = { q: completionBlocks(q, layout), k: completionBlocks(k, layout), v: completionBlocks(v, layout) };
    const completion = causalAttention(own, masks.completion!, promptKeys(prompt, masks.padding));
    return {
      out: flat(tf.concat([promptOut, fromCompletionBlocks(completion.out, layout, heads)])),
      prompt,
      completion: { ...own, probabilities: completion.probabilities },
    };
  });
}

/** What completions see of their prompt. */
const promptKeys = ({ k, v }: CausalAttention, mask?: tf.Tensor3D): Keys => ({ k, v, ...(mask && { mask }) });

/**
 * @param dOut - [rows, heads·headDim]
 * @returns gradients of q [rows, heads, headDim], k and v [rows, keyHeads, headDim]
 */
export function packedAttentionBackward(
  { out, prompt, completion }: PackedAttention,
  dOut: tf.Tensor2D,
  layout: PackedLayout,
): { readonly dQ: tf.Tensor3D; readonly dK: tf.Tensor3D; readonly dV: tf.Tensor3D } {
  return tidy(() => {
    const { heads, keyHeads, headDim } = layout;
    const byHeads = (x: tf.Tensor2D): tf.Tensor3D => tf.reshape(x, [x.shape[0], heads, headDim]);
    const dHeads = byHeads(dOut);
    const expected = expectedGradient(byHeads(out), dHeads);
    const { dQ, own } = causalAttentionBackward(prompt, promptBlocks(dHeads, layout), promptBlocks(expected, layout));
    if (completion === undefined) {
      return {
        dQ: fromPromptBlocks(dQ, layout, heads),
        dK: fromPromptBlocks(own.dK, layout, keyHeads),
        dV: fromPromptBlocks(own.dV, layout, keyHeads),
      };
    }
    const [dOwn, ownExpected] = [completionBlocks(dHeads, layout), completionBlocks(expected, layout)];
    const c = causalAttentionBackward(completion, dOwn, ownExpected, promptKeys(prompt));
    const join = (dPrompt: tf.Tensor3D, dCompletion: tf.Tensor3D, headCount: number): tf.Tensor3D =>
      tf.concat([fromPromptBlocks(dPrompt, layout, headCount), fromCompletionBlocks(dCompletion, layout, headCount)]);
    return {
      dQ: join(dQ, c.dQ, heads),
      dK: join(tf.add(own.dK, c.prefix!.dK), c.own.dK, keyHeads),
      dV: join(tf.add(own.dV, c.prefix!.dV), c.own.dV, keyHeads),
    };
  });
}
