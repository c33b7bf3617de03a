import { compile } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import { createGradients, type Gradients } from '../../models/gradients.js';
import { uploadBatch, type BatchTensors } from '../../models/qwen2.5-vl/batch-tensors.js';
import type { PackedBatch } from '../../models/qwen2.5-vl/batch.js';
import { languageWeights, type LanguageWeights } from '../../models/qwen2.5-vl/language-weights.js';
import type { TokenGradients } from '../../models/qwen2.5-vl/logprobs.js';
import type { Qwen25Vl } from '../../models/qwen2.5-vl/model.js';
import {
  backwardSequences,
  forwardSequences,
  runSequences,
  type SavedSequences,
  type SequenceOptions,
  type SequencePass,
} from '../../models/qwen2.5-vl/sequences.js';
import { free } from '../../models/tidy.js';

/**
 * {@link runSequences}, as two compiled programs where the backend compiles, with the loss on the host between them. Weights
 * are arguments of the programs, so that models of one shape share them.
 */
export function runPass(
  batch: PackedBatch,
  images: tf.Tensor2D,
  model: Qwen25Vl,
  gradients: Gradients,
  options: SequenceOptions,
): SequencePass {
  if (tf.getBackend() !== 'tensorflow') return runSequences(batch, images, model, gradients, options);
  const { room, targets } = batch;
  const uploaded = uploadBatch(
    { ...batch, predictingRows: padded(batch.predictingRows, room), targets: padded(targets, room) },
    model.config,
  );
  const weights = languageWeights(model);
  const { logprobs, entropies, saved } = forward(uploaded, images, weights, options);
  const dispose = (): void => free(saved, uploaded);
  if (saved === undefined) dispose();
  const back: SequencePass['backward'] = (dLogprobs, dEntropies) => {
    if (saved === undefined) throw new Error("runPass: backward needs keep: 'inputs' or 'everything'");
    const d = {
      logprobs: tf.tensor1d(padded(dLogprobs, room)),
      ...(dEntropies && { entropies: tf.tensor1d(padded(dEntropies, room)) }),
    };
    const { dImages, sums } = backward(uploaded, saved, d, weights, [...gradients.trained], options);
    for (const [name, sum] of Object.entries(sums)) gradients.add(name, () => sum);
    free(sums, d);
    dispose();
    return dImages;
  };
  const own = (all: tf.Tensor1D): tf.Tensor1D => {
    const values = tf.slice(all, 0, targets.length);
    all.dispose();
    return values;
  };
  return { logprobs: own(logprobs), ...(entropies && { entropies: own(entropies) }), backward: back, dispose };
}

const forward = compile(
  (batch: BatchTensors, images: tf.Tensor2D, weights: LanguageWeights, options: SequenceOptions) =>
    forwardSequences(batch, images, weights, options),
  { name: 'forward' },
);

const backward = compile(
  (
    batch: BatchTensors,
    saved: SavedSequences,
    d: TokenGradients,
    weights: LanguageWeights,
    trained: readonly string[],
    options: SequenceOptions,
  ) => {
    const gradients = createGradients(new Set(trained));
    const dImages = backwardSequences(batch, saved, d, weights, gradients, options);
    return { dImages, sums: Object.fromEntries(gradients.sums) };
  },
  { name: 'backward' },
);

/** As long as the layout has room for, whatever the completions' lengths, with zeros: more targets are token 0 after row 0. */
function padded<T extends Int32Array | Float32Array>(values: T, room: number): T {
  const longer = new (values.constructor as new (length: number) => T)(room);
  longer.set(values);
  return longer;
}
