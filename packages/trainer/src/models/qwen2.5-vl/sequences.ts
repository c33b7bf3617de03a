import * as tf from '@tensorflow/tfjs';
import { createGradients, type Gradients } from '../gradients.js';
import { stackBackward, stackForward, type Keep, type Kept, type StackLayer } from '../layer-stack.js';
import { rmsNorm, rmsNormBackward } from '../layers/rms-norm.js';
import { free, tidy } from '../tidy.js';
import type { PackedBatch } from './batch.js';
import { uploadBatch, type BatchTensors } from './batch-tensors.js';
import { decoderLayer, decoderLayerBackward, type DecoderContext } from './decoder-layer.js';
import { tokenLogprobs, tokenLogprobsBackward, type Head, type TokenGradients } from './logprobs.js';
import { languageWeights, type LanguageWeights } from './language-weights.js';
import { EMBEDDING, type Qwen25Vl } from './model.js';

/** What a pass over sequences computes and keeps. */
export interface SequenceOptions {
  /** Logits are divided by it. @defaultValue 1 */
  readonly temperature?: number;
  /** @defaultValue 'nothing' */
  readonly keep?: Keep;
  /** @defaultValue 'logprobs' */
  readonly want?: 'logprobs' | 'logprobs and entropies';
}

/** A forward pass over whole sequences that may be run backward once. */
export interface SequencePass {
  /** Of each completion token, sequence after sequence; the caller disposes both. */
  readonly logprobs: tf.Tensor1D;
  readonly entropies?: tf.Tensor1D;
  /**
   * Adds the parameters' gradients; consumes all that was kept.
   *
   * @param dLogprobs - dLoss/dlogprobs, in the same order
   * @param dEntropies - dLoss/dentropies, where the loss has any
   * @returns dLoss/dimages, [image tokens, D], the caller's to dispose
   */
  backward(dLogprobs: Float32Array, dEntropies?: Float32Array): tf.Tensor2D;
  /** Frees what was kept, when there will be no backward pass. */
  dispose(): void;
}

/**
 * Log-probabilities of completions given their prompts.
 *
 * @param images - [image tokens, D] embeddings, in the order of `batch.imageRows`; the caller's
 * @param gradients - where `backward` adds to
 * @throws Error when the number of image embeddings is not the number of image tokens, or all completions are empty.
 */
export function runSequences(
  batch: PackedBatch,
  images: tf.Tensor2D,
  model: Qwen25Vl,
  gradients: Gradients,
  options: SequenceOptions = {},
): SequencePass {
  const uploaded = uploadBatch(batch, model.config);
  const weights = languageWeights(model);
  const { saved, ...result } = forwardSequences(uploaded, images, weights, options);
  const dispose = (): void => free(saved, uploaded);
  if (saved === undefined) dispose();
  const backward: SequencePass['backward'] = (dLogprobs, dEntropies) => {
    if (saved === undefined) throw new Error("runSequences: backward needs keep: 'inputs' or 'everything'");
    const d = { logprobs: tf.tensor1d(dLogprobs), ...(dEntropies && { entropies: tf.tensor1d(dEntropies) }) };
    const dImages = backwardSequences(uploaded, saved, d, weights, gradients, options);
    free(d);
    dispose();
    return dImages;
  };
  return { ...result, backward, dispose };
}

/** What a forward pass keeps for the way back. */
export interface SavedSequences {
  readonly kept: readonly Kept[];
  /** [n, D] the rows that predict, before and after the last norm. */
  readonly rows: tf.Tensor2D;
  readonly hidden: tf.Tensor2D;
}

const NO_GRADIENTS = createGradients(new Set());

/** The way forward of {@link runSequences}, on tensors alone. The caller disposes what it returns. */
export function forwardSequences(
  batch: BatchTensors,
  images: tf.Tensor2D,
  weights: LanguageWeights,
  options: SequenceOptions,
): { readonly logprobs: tf.Tensor1D; readonly entropies?: tf.Tensor1D; readonly saved?: SavedSequences } {
  const { keep = 'nothing', want = 'logprobs' } = options;
  if (batch.targets.shape[0] === 0) throw new Error('runSequences: expected at least one completion token, got none');
  const { y, kept } = stackForward(embed(batch, images, weights), decoderStack(weights, batch, NO_GRADIENTS), keep);
  const rows: tf.Tensor2D = tf.gather(y, batch.predictingRows);
  y.dispose();
  const hidden = rmsNorm(rows, weights.finalNorm);
  const result = tokenLogprobs(hidden, batch.targets, headOf(weights, options), want);
  if (keep !== 'nothing') return { ...result, saved: { kept, rows, hidden } };
  free(rows, hidden);
  return result;
}

/** The way back of {@link runSequences}, on tensors alone; disposes what was kept. @returns dLoss/dimages */
export function backwardSequences(
  batch: BatchTensors,
  { kept, rows, hidden }: SavedSequences,
  d: TokenGradients,
  weights: LanguageWeights,
  gradients: Gradients,
  options: SequenceOptions,
): tf.Tensor2D {
  const dOutput = tidy(() => {
    const dHidden = tokenLogprobsBackward(hidden, batch.targets, d, headOf(weights, options), gradients);
    const dRows = rmsNormBackward(rows, dHidden, weights.finalNorm, gradients);
    // The last token of a prompt predicts the first token of each of its completions: its gradients add up.
    return tf.unsortedSegmentSum<tf.Tensor2D>(dRows, batch.predictingRows, batch.ids.shape[0]);
  });
  free(rows, hidden);
  const dInput = stackBackward(kept, dOutput, decoderStack(weights, batch, gradients), options.keep ?? 'nothing');
  const dImages = embedBackward(batch, dInput, weights, gradients);
  dInput.dispose();
  return dImages;
}

function headOf({ head: { weight, name } }: LanguageWeights, { temperature = 1 }: SequenceOptions): Head {
  return { weight, name, temperature };
}

/** The decoder's layers as {@link runStack} takes them. */
export function decoderStack(
  { layers }: Pick<LanguageWeights, 'layers'>,
  context: DecoderContext,
  gradients: Gradients,
): StackLayer[] {
  return layers.map((layer) => ({
    forward: (x) => decoderLayer(x, layer, context),
    backward: (saved, dy) => decoderLayerBackward(saved as SavedLayer, dy, layer, context, gradients),
  }));
}

type SavedLayer = Parameters<typeof decoderLayerBackward>[0];

/** Token embeddings, with the images' embeddings in the rows of image tokens. @returns [rows, D] */
export function embed(
  batch: BatchTensors,
  images: tf.Tensor2D,
  weights: Pick<LanguageWeights, 'embedding'>,
): tf.Tensor2D {
  const { ids, source, imageRows } = batch;
  const expected = imageRows?.shape[0] ?? 0;
  if (images.shape[0] !== expected) {
    throw new Error(`embed: ${expected} image tokens, but ${images.shape[0]} image embeddings`);
  }
  return tidy(() => {
    const tokens: tf.Tensor2D = tf.gather(weights.embedding, ids);
    return source === undefined ? tokens : tf.gather(tf.concat([tokens, images]), source);
  });
}

function embedBackward(
  batch: BatchTensors,
  dInput: tf.Tensor2D,
  { embedding }: LanguageWeights,
  gradients: Gradients,
): tf.Tensor2D {
  return tidy(() => {
    // Padding adds nothing: nobody attends to it, so that its gradient is zero. Ids of -1 are passed over.
    gradients.add(EMBEDDING, () => tf.unsortedSegmentSum(dInput, batch.textIds, embedding.shape[0]));
    if (batch.imageRows === undefined) return tf.zeros<tf.Rank.R2>([0, dInput.shape[1]]);
    return tf.gather(dInput, batch.imageRows);
  });
}
