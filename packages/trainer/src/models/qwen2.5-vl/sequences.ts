import * as tf from '@tensorflow/tfjs';
import type { Gradients } from '../gradients.js';
import { runStack, type Keep, type StackLayer } from '../layer-stack.js';
import { rmsNorm, rmsNormBackward } from '../layers/rms-norm.js';
import { rotaryTable } from '../layers/rotary.js';
import { free, tidy } from '../tidy.js';
import type { PackedBatch } from './batch.js';
import { decoderLayer, decoderLayerBackward, type DecoderContext } from './decoder-layer.js';
import { tokenLogprobs, tokenLogprobsBackward, type Head } from './logprobs.js';
import { EMBEDDING, type Qwen25Vl } from './model.js';
import { packedMasks } from './packed-layout.js';
import { mropeAngles } from './rope.js';

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
   * @returns dLoss/dimages, [image tokens, D], the caller's to dispose
   */
  backward(dLogprobs: Float32Array): tf.Tensor2D;
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
  const { temperature = 1, keep = 'nothing', want = 'logprobs' } = options;
  if (batch.targets.length === 0) throw new Error('runSequences: expected at least one completion token, got none');
  const context = decoderContext(batch, model);
  const pass = runStack(embed(batch, images, model), decoderStack(model, context, gradients), keep);
  const rows = tf.tidy(() => tf.gather(pass.y, tf.tensor1d(batch.predictingRows, 'int32'))); // [n, D]
  const outputShape = pass.y.shape;
  pass.y.dispose();
  const hidden = rmsNorm(rows, model.finalNorm);
  const head: Head = { weight: model.head, name: model.headName, temperature };
  const result = tokenLogprobs(hidden, batch.targets, head, want);

  const dispose = (): void => {
    pass.dispose();
    free(rows, hidden, context);
  };
  if (keep === 'nothing') dispose();
  const backward = (dLogprobs: Float32Array): tf.Tensor2D => {
    const dOutput = tidy(() => {
      const dHidden = tokenLogprobsBackward(hidden, batch.targets, dLogprobs, head, gradients);
      const dRows = rmsNormBackward(rows, dHidden, model.finalNorm, gradients);
      // The last token of a prompt predicts the first token of each of its completions: its gradients add up.
      const ids = tf.tensor1d(batch.predictingRows, 'int32');
      return tf.unsortedSegmentSum<tf.Tensor2D>(dRows, ids, outputShape[0]);
    });
    const dInput = pass.backward(dOutput);
    const dImages = embedBackward(batch, dInput, model, gradients);
    dInput.dispose();
    dispose();
    return dImages;
  };
  return { ...result, backward, dispose };
}

/** Masks and rotations of a batch, shared by all layers. The caller disposes its tensors. */
export function decoderContext(batch: PackedBatch, model: Qwen25Vl): DecoderContext {
  const { text } = model.config;
  return {
    layout: batch.layout,
    masks: packedMasks(batch.layout, batch.promptLengths),
    rotary: rotaryTable(mropeAngles(batch.positions, text), text.headDim),
  };
}

/** The decoder's layers as {@link runStack} takes them. */
export function decoderStack(model: Qwen25Vl, context: DecoderContext, gradients: Gradients): StackLayer[] {
  return model.layers.map((layer) => ({
    forward: (x) => decoderLayer(x, layer, context),
    backward: (saved, dy) => decoderLayerBackward(saved as SavedLayer, dy, layer, context, gradients),
  }));
}

type SavedLayer = Parameters<typeof decoderLayerBackward>[0];

/** Token embeddings, with the images' embeddings in the rows of image tokens. @returns [rows, D] */
export function embed(batch: PackedBatch, images: tf.Tensor2D, model: Qwen25Vl): tf.Tensor2D {
  const { ids, imageRows } = batch;
  if (images.shape[0] !== imageRows.length) {
    throw new Error(`embed: ${imageRows.length} image tokens, but ${images.shape[0]} image embeddings`);
  }
  return tidy(() => {
    const tokens: tf.Tensor2D = tf.gather(model.embedding, tf.tensor1d(ids, 'int32'));
    if (imageRows.length === 0) return tokens;
    const source = Int32Array.from(ids.keys());
    imageRows.forEach((row, image) => (source[row] = ids.length + image));
    return tf.gather(tf.concat([tokens, images]), tf.tensor1d(source, 'int32'));
  });
}

function embedBackward(batch: PackedBatch, dInput: tf.Tensor2D, model: Qwen25Vl, gradients: Gradients): tf.Tensor2D {
  return tidy(() => {
    gradients.add(EMBEDDING, () => {
      const dTokens = tf.gather(dInput, tf.tensor1d(batch.textRows, 'int32'));
      const ids = tf.tensor1d(
        batch.textRows.map((row) => batch.ids[row]!),
        'int32',
      );
      return tf.unsortedSegmentSum(dTokens, ids, model.embedding.shape[0]);
    });
    if (batch.imageRows.length === 0) return tf.zeros<tf.Rank.R2>([0, dInput.shape[1]]);
    return tf.gather(dInput, tf.tensor1d(batch.imageRows, 'int32'));
  });
}
