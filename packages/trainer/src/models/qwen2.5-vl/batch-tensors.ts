import * as tf from '@tensorflow/tfjs';
import { rotaryTable } from '../layers/rotary.js';
import type { PackedBatch } from './batch.js';
import type { Qwen25VlConfig } from './config.js';
import type { DecoderContext } from './decoder-layer.js';
import { packedMasks } from './packed-layout.js';
import { mropeAngles } from './rope.js';

/** A packed batch in the backend's memory. The caller disposes it. */
export interface BatchTensors extends DecoderContext {
  /** [rows] token ids, 0 on padding. */
  readonly ids: tf.Tensor1D;
  /** [rows] the same, −1 where an image's embedding stands in: what a token's gradient goes to. */
  readonly textIds: tf.Tensor1D;
  /** [rows] where each row's embedding is among those of the tokens [rows] and then of the images; absent without images. */
  readonly source?: tf.Tensor1D;
  /** [image tokens] their rows. */
  readonly imageRows?: tf.Tensor1D;
  /** [n] for each completion token, the row that predicts it, and its id. */
  readonly predictingRows: tf.Tensor1D;
  readonly targets: tf.Tensor1D;
}

/** Uploads a batch, with its masks and rotations. */
export function uploadBatch(batch: PackedBatch, { text }: Qwen25VlConfig): BatchTensors {
  const { ids, imageRows, layout } = batch;
  const textIds = Int32Array.from(ids);
  const source = Int32Array.from(ids.keys());
  imageRows.forEach((row, image) => {
    textIds[row] = -1;
    source[row] = ids.length + image;
  });
  const upload = (values: Int32Array): tf.Tensor1D => tf.tensor1d(values, 'int32');
  return {
    layout,
    masks: packedMasks(layout, batch.promptLengths),
    rotary: rotaryTable(mropeAngles(batch.positions, text), text.headDim),
    ids: upload(ids),
    textIds: upload(textIds),
    ...(imageRows.length > 0 && { source: upload(source), imageRows: upload(imageRows) }),
    predictingRows: upload(batch.predictingRows),
    targets: upload(batch.targets),
  };
}
