import * as tf from '@tensorflow/tfjs';
import { tidy } from '../tidy.js';
import { attention, attentionBackward, causalMask, MASKED, scale, softmaxBackward } from '../layers/attention.js';

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

/** Columns [rows, S + C] → over the prompt [P·K, G·rep·C, S] and over the completion itself [P·K·G, rep·C, C]. */
function splitKeys(x: tf.Tensor2D, layout: PackedLayout): { overPrompt: tf.Tensor3D; overSelf: tf.Tensor3D } {
  const { prompts: P, groupSize: G, completionLength: C, promptLength: S, keyHeads: K, heads } = layout;
  const rep = heads / K;
  return {
    overPrompt: tf.reshape(tf.slice(x, [0, 0], [-1, S]), [P * K, G * rep * C, S]),
    overSelf: tf.reshape(tf.slice(x, [0, S], [-1, C]), [P * K * G, rep * C, C]),
  };
}

/** Rows [.., H, headDim] of the prompts → [P·K, (H/K)·S, headDim]. */
function promptBlocks(x: tf.Tensor3D, layout: PackedLayout): tf.Tensor3D {
  const { prompts: P, promptLength: S, keyHeads: K, headDim } = layout;
  const heads = x.shape[1];
  const rows = tf.reshape(tf.slice(x, 0, P * S), [P, S, heads, headDim]);
  return tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [P * K, (heads / K) * S, headDim]);
}

/** [P·K, (H/K)·S, headDim] → [P·S, H, headDim] */
function fromPromptBlocks(x: tf.Tensor3D, layout: PackedLayout, heads: number): tf.Tensor3D {
  const { prompts: P, promptLength: S, headDim } = layout;
  const blocks = tf.reshape(x, [P, heads, S, headDim]);
  return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [P * S, heads, headDim]);
}

/** Rows [.., H, headDim] of the completions → [P·K·G, (H/K)·C, headDim]. Two transposes of rank 4: one of rank 6 is slow. */
function completionBlocks(x: tf.Tensor3D, layout: PackedLayout): tf.Tensor3D {
  const { prompts: P, promptLength: S, groupSize: G, completionLength: C, keyHeads: K, headDim } = layout;
  const heads = x.shape[1];
  const rows = tf.reshape(tf.slice(x, P * S, P * G * C), [P * G, C, heads, headDim]);
  const byHead = tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [P, G, K, (heads / K) * C * headDim]);
  return tf.reshape(tf.transpose(byHead, [0, 2, 1, 3]), [P * K * G, (heads / K) * C, headDim]);
}

/** [P·K·G, (H/K)·C, headDim] → [P·G·C, H, headDim] */
function fromCompletionBlocks(x: tf.Tensor3D, layout: PackedLayout, heads: number): tf.Tensor3D {
  const { prompts: P, groupSize: G, completionLength: C, keyHeads: K, headDim } = layout;
  const byKey = tf.reshape(x, [P, K, G, (heads / K) * C * headDim]);
  const byGroup = tf.reshape(tf.transpose(byKey, [0, 2, 1, 3]), [P * G, heads, C, headDim]);
  return tf.reshape(tf.transpose(byGroup, [0, 2, 1, 3]), [P * G * C, heads, headDim]);
}
