import { compile } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import { createGradients, type Gradients } from '../../models/gradients.js';
import { uploadBatch, type BatchTensors } from '../../models/qwen2.5-vl/batch-tensors.js';
import type { PackedBatch } from '../../models/qwen2.5-vl/batch.js';
import type { TokenGradients } from '../../models/qwen2.5-vl/logprobs.js';
import type { Qwen25Vl } from '../../models/qwen2.5-vl/model.js';
import {
  backwardSequences,
  forwardSequences,
  type SavedSequences,
  type SequenceOptions,
  type SequencePass,
} from '../../models/qwen2.5-vl/sequences.js';
import { free } from '../../models/tidy.js';

/** Tensors that change from step to step, by name. */
export type ChangingTensors = Readonly<Record<string, tf.Tensor>>;

/** As `runSequences`, compiled; the gradients are added to those given. */
export type RunProgram = (
  batch: PackedBatch,
  images: tf.Tensor2D,
  gradients: Gradients,
  options: SequenceOptions,
) => SequencePass;

/** Passes over sequences as two compiled programs, with the loss on the host between them. */
export interface SequencePrograms {
  readonly run: RunProgram;
  dispose(): void;
}

/**
 * Programs of a model.
 *
 * @param modelWith - arranges the model around the tensors that change; all others it uses must stay as they are
 * @param changingTensors - those tensors as they are now
 * @param trained - names of the parameters whose gradients are wanted
 */
export function createSequencePrograms(
  modelWith: (changing: ChangingTensors) => Qwen25Vl,
  changingTensors: () => ChangingTensors,
  trained: ReadonlySet<string>,
): SequencePrograms {
  const forward = compile(
    (batch: BatchTensors, images: tf.Tensor2D, changing: ChangingTensors, options: SequenceOptions) =>
      forwardSequences(batch, images, modelWith(changing), options),
    { name: 'forward' },
  );
  const backward = compile(
    (
      batch: BatchTensors,
      saved: SavedSequences,
      d: TokenGradients,
      changing: ChangingTensors,
      options: SequenceOptions,
    ) => {
      const gradients = createGradients(trained);
      const dImages = backwardSequences(batch, saved, d, modelWith(changing), gradients, options);
      return { dImages, sums: Object.fromEntries(gradients.sums) };
    },
    { name: 'backward' },
  );

  const run: RunProgram = (batch, images, gradients, options) => {
    const changing = changingTensors();
    const uploaded = uploadBatch(withAllTargets(batch), modelWith(changing).config);
    const { logprobs, entropies, saved } = forward(uploaded, images, changing, options);
    const dispose = (): void => free(saved, uploaded);
    if (saved === undefined) dispose();
    const back: SequencePass['backward'] = (dLogprobs, dEntropies) => {
      if (saved === undefined) throw new Error("runSequences: backward needs keep: 'inputs' or 'everything'");
      const padded = (values: Float32Array): tf.Tensor1D => {
        const all = new Float32Array(uploaded.targets.shape[0]);
        all.set(values);
        return tf.tensor1d(all);
      };
      const d = { logprobs: padded(dLogprobs), ...(dEntropies && { entropies: padded(dEntropies) }) };
      const { dImages, sums } = backward(uploaded, saved, d, changing, options);
      for (const [name, sum] of Object.entries(sums)) gradients.add(name, () => sum);
      free(sums, d);
      dispose();
      return dImages;
    };
    const own = (all: tf.Tensor1D): tf.Tensor1D => {
      const values = tf.slice(all, 0, batch.targets.length);
      all.dispose();
      return values;
    };
    return { logprobs: own(logprobs), ...(entropies && { entropies: own(entropies) }), backward: back, dispose };
  };
  const dispose = (): void => {
    forward.dispose();
    backward.dispose();
  };
  return { run, dispose };
}

/** As many targets as the layout has room for, whatever the completions' lengths: those added are token 0 after row 0. */
function withAllTargets(batch: PackedBatch): PackedBatch {
  const { prompts, groupSize, completionLength } = batch.layout;
  const room = prompts * groupSize * (completionLength + 1);
  const padded = (values: Int32Array): Int32Array => {
    const longer = new Int32Array(room);
    longer.set(values);
    return longer;
  };
  return { ...batch, predictingRows: padded(batch.predictingRows), targets: padded(batch.targets) };
}
