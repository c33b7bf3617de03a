import * as tf from '@tensorflow/tfjs';
import { linear } from '../layers/linear.js';
import { rmsNorm } from '../layers/rms-norm.js';
import { free } from '../tidy.js';
import type { BatchTensors } from './batch-tensors.js';
import type { PromptCache } from './decode.js';
import { decoderLayer } from './decoder-layer.js';
import type { LanguageWeights } from './language-weights.js';
import { embed } from './sequences.js';

/**
 * The prompts through the language model. The caller disposes what it returns.
 *
 * @param batch - prompts alone, with the last row of each among `predictingRows`
 * @param images - [image tokens, D]
 * @returns logits [P, V] after each prompt's last token, and each layer's keys and values
 */
export function prefill(
  batch: BatchTensors,
  images: tf.Tensor2D,
  weights: LanguageWeights,
): { readonly logits: tf.Tensor2D; readonly caches: PromptCache[] } {
  const caches: PromptCache[] = [];
  let x = embed(batch, images, weights);
  for (const layer of weights.layers) {
    const { y, saved } = decoderLayer(x, layer, batch);
    const { k, v } = saved.attended.prompt;
    caches.push({ k: tf.clone(k), v: tf.clone(v) });
    free(saved); // x among it
    x = y;
  }
  const logits = tf.tidy(() => {
    const hidden: tf.Tensor2D = tf.gather(x, batch.predictingRows);
    return linear(rmsNorm(hidden, weights.finalNorm), weights.head);
  });
  x.dispose();
  return { logits, caches };
}
