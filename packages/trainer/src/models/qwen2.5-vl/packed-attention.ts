import * as tf from '@tensorflow/tfjs';
import { tidy } from '../tidy.js';
import {
  completionBlocks,
  fromCompletionBlocks,
  fromPromptBlocks,
  promptBlocks,
  splitKeys,
  type PackedLayout,
  type PackedMasks,
} from './packed-layout.js';
import { attention, attentionBackward, scale, softmaxBackward } from '../layers/attention.js';

/** Queries, keys and values as blocks, and the probabilities: what the backward pass needs, and what a cache keeps. */
export interface PackedAttention {
  /** [P·S + P·G·C, heads·headDim] */
  readonly out: tf.Tensor2D;
  readonly prompt: Block;
  /** With probabilities [P·K·G·rep·C, S + C]. */
  readonly completion?: Block;
}

interface Block {
  /** Prompt: [P·K, rep·S, headDim]. Completion: [P·K, G·rep·C, headDim]. */
  readonly q: tf.Tensor3D;
  /** Prompt: [P·K, S, headDim]. Completion: [P·K·G, C, headDim]. */
  readonly k: tf.Tensor3D;
  readonly v: tf.Tensor3D;
  readonly probabilities: tf.Tensor;
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
    const { prompts: P, promptLength: S, keyHeads: K, heads, headDim } = layout;
    const rep = heads / K;
    const part = { q: promptBlocks(q, layout), k: promptBlocks(k, layout), v: promptBlocks(v, layout) };
    const result = attention(part.q, part.k, part.v, (scores) =>
      tf.reshape(tf.add(tf.reshape(scores, [P * K * rep, S, S]), masks.prompt), [P * K, rep * S, S]),
    );
    const prompt = { ...part, probabilities: result.probabilities };
    const promptOut = fromPromptBlocks(result.out, layout, heads);
    if (layout.completionLength === 0)
      return { out: tf.reshape<tf.Rank.R2>(promptOut, [P * S, heads * headDim]), prompt };
    const completion = completionAttention(q, k, v, prompt, layout, masks);
    const rows = tf.concat([promptOut, completion.out]);
    return {
      out: tf.reshape<tf.Rank.R2>(rows, [rows.shape[0], heads * headDim]),
      prompt,
      completion: completion.block,
    };
  });
}

function completionAttention(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  prompt: Block,
  layout: PackedLayout,
  masks: PackedMasks,
): { readonly out: tf.Tensor3D; readonly block: Block } {
  const { prompts: P, promptLength: S, groupSize: G, completionLength: C, keyHeads: K, heads, headDim } = layout;
  const rep = heads / K;
  const rows = P * K * G * rep * C;
  const qBlocks = completionBlocks(q, layout); // [P·K·G, rep·C, headDim], also readable as [P·K, G·rep·C, headDim]
  const kBlocks = completionBlocks(k, layout);
  const vBlocks = completionBlocks(v, layout);
  const queries = tf.reshape<tf.Rank.R3>(tf.mul(qBlocks, scale(q)), [P * K, G * rep * C, headDim]);

  let toPrompt: tf.Tensor = tf.matMul(queries, prompt.k, false, true); // [P·K, G·rep·C, S]
  if (masks.padding) toPrompt = tf.add(tf.reshape(toPrompt, [P, K * G * rep * C, S]), masks.padding);
  const toSelf = tf.matMul(tf.reshape<tf.Rank.R3>(queries, [P * K * G, rep * C, headDim]), kBlocks, false, true);
  const causal = tf.add(tf.reshape(toSelf, [P * K * G * rep, C, C]), masks.completion!);
  const scores = tf.concat2d([tf.reshape(toPrompt, [rows, S]), tf.reshape(causal, [rows, C])], 1);
  const probabilities = tf.softmax<tf.Tensor2D>(scores); // [rows, S + C]

  const { overPrompt, overSelf } = splitKeys(probabilities, layout);
  const out = tf.add<tf.Tensor3D>(
    tf.reshape(tf.matMul(overPrompt, prompt.v), [P * K * G, rep * C, headDim]),
    tf.matMul(overSelf, vBlocks),
  );
  return {
    out: fromCompletionBlocks(out, layout, heads),
    block: {
      q: tf.reshape<tf.Rank.R3>(qBlocks, [P * K, G * rep * C, headDim]),
      k: kBlocks,
      v: vBlocks,
      probabilities,
    },
  };
}

/**
 * @param dOut - [rows, heads·headDim]
 * @returns gradients of q [rows, heads, headDim], k and v [rows, keyHeads, headDim]
 */
export function packedAttentionBackward(
  forward: PackedAttention,
  dOut: tf.Tensor2D,
  layout: PackedLayout,
): { readonly dQ: tf.Tensor3D; readonly dK: tf.Tensor3D; readonly dV: tf.Tensor3D } {
  return tidy(() => {
    const { heads, keyHeads, headDim, completionLength } = layout;
    const dHeads: tf.Tensor3D = tf.reshape(dOut, [dOut.shape[0], heads, headDim]);
    const { prompt, completion } = forward;
    const dPromptOut = promptBlocks(dHeads, layout);
    const p = attentionBackward(prompt.q, prompt.k, prompt.v, prompt.probabilities as tf.Tensor3D, dPromptOut);
    if (completionLength === 0 || !completion) {
      return {
        dQ: fromPromptBlocks(p.dQ, layout, heads),
        dK: fromPromptBlocks(p.dK, layout, keyHeads),
        dV: fromPromptBlocks(p.dV, layout, keyHeads),
      };
    }
    const c = completionBackward(prompt, completion, completionBlocks(dHeads, layout), layout);
    const join = (dPrompt: tf.Tensor3D, dCompletion: tf.Tensor3D, headCount: number): tf.Tensor3D =>
      tf.concat([fromPromptBlocks(dPrompt, layout, headCount), fromCompletionBlocks(dCompletion, layout, headCount)]);
    return {
      dQ: join(p.dQ, c.dQ, heads),
      dK: join(tf.add(p.dK, c.dPromptK), c.dK, keyHeads),
      dV: join(tf.add(p.dV, c.dPromptV), c.dV, keyHeads),
    };
  });
}

interface CompletionGradients {
  /** [P·K·G, rep·C, headDim] */
  readonly dQ: tf.Tensor3D;
  /** [P·K·G, C, headDim] */
  readonly dK: tf.Tensor3D;
  readonly dV: tf.Tensor3D;
  /** [P·K, S, headDim]: what the completions send back into their prompt's keys and values. */
  readonly dPromptK: tf.Tensor3D;
  readonly dPromptV: tf.Tensor3D;
}

/** @param dOut - [P·K·G, rep·C, headDim] */
function completionBackward(
  prompt: Block,
  completion: Block,
  dOut: tf.Tensor3D,
  layout: PackedLayout,
): CompletionGradients {
  const { prompts: P, groupSize: G, completionLength: C, promptLength: S, keyHeads: K, heads, headDim } = layout;
  const rep = heads / K;
  const rows = P * K * G * rep * C;
  const { overPrompt, overSelf } = splitKeys(completion.probabilities as tf.Tensor2D, layout);
  const dOutPerPrompt = tf.reshape<tf.Rank.R3>(dOut, [P * K, G * rep * C, headDim]);
  const dPromptV = tf.matMul<tf.Tensor3D>(overPrompt, dOutPerPrompt, true, false);
  const dV = tf.matMul<tf.Tensor3D>(overSelf, dOut, true, false);
  const dP = tf.concat(
    [
      tf.reshape(tf.matMul(dOutPerPrompt, prompt.v, false, true), [rows, S]),
      tf.reshape(tf.matMul(dOut, completion.v, false, true), [rows, C]),
    ],
    1,
  );
  const dScores = tf.mul<tf.Tensor2D>(softmaxBackward(completion.probabilities, dP), scale(completion.q));
  const d = splitKeys(dScores, layout);
  const q = tf.reshape<tf.Rank.R3>(completion.q, [P * K * G, rep * C, headDim]);
  const dQ = tf.add<tf.Tensor3D>(
    tf.reshape(tf.matMul(d.overPrompt, prompt.k), [P * K * G, rep * C, headDim]),
    tf.matMul(d.overSelf, completion.k),
  );
  return {
    dQ,
    dK: tf.matMul(d.overSelf, q, true, false),
    dV,
    dPromptK: tf.matMul(d.overPrompt, completion.q, true, false),
    dPromptV,
  };
}
