import * as tf from '@tensorflow/tfjs';
import { createGradients } from '../models/gradients.js';
import type { Qwen25Vl } from '../models/qwen2.5-vl/model.js';
import { decoderStack, embed } from '../models/qwen2.5-vl/sequences.js';
import { uploadBatch } from '../models/qwen2.5-vl/batch-tensors.js';
import { stackForward } from '../models/layer-stack.js';
import { rmsNorm } from '../models/layers/rms-norm.js';
import { free } from '../models/tidy.js';
import { runPass } from '../policies/tfjs/programs.js';
import type { SampleResponse } from '../policies/tinker/protocol/messages.js';
import type { BaseModel } from './base-model.js';
import { packSplit, splitSequence } from './datums.js';
import type { Drawing } from './draw.js';
import type { ExpandedInput } from './inputs.js';

const NO_GRADIENTS = createGradients(new Set());

/** With which log-probs a prompt itself would have been drawn, and what would have been likelier, as far as it is asked for. */
export async function promptScores(
  { request, input }: Drawing,
  model: Qwen25Vl,
  base: BaseModel,
): Promise<Omit<SampleResponse, 'sequences'>> {
  const { prompt_logprobs: isAsked, topk_prompt_logprobs: k } = request;
  return {
    ...(isAsked === true && { prompt_logprobs: await promptLogprobs(input, model, base) }),
    ...(k && { topk_prompt_logprobs: await likeliest(input, k, model, base) }),
  };
}

async function promptLogprobs(input: ExpandedInput, model: Qwen25Vl, base: BaseModel): Promise<(number | null)[]> {
  const { ids } = input;
  if (ids.length === 1) return [null];
  const sequence = splitSequence(input, [...ids.slice(1), 0], ids.length, base); // the last one predicts what is not there
  const batch = packSplit([sequence], base);
  const images = await base.embeddings.read(batch.prompts, model.vision);
  const { logprobs } = runPass(batch, images, model, NO_GRADIENTS, {});
  images.dispose();
  const values = await logprobs.data();
  logprobs.dispose();
  return [null, ...values.subarray(0, ids.length - 1)];
}

async function likeliest(
  input: ExpandedInput,
  k: number,
  model: Qwen25Vl,
  base: BaseModel,
): Promise<([number, number][] | null)[]> {
  const { length } = input.ids;
  const batch = packSplit([splitSequence(input, input.ids, length, base)], base);
  const uploaded = uploadBatch(batch, base.config);
  const images = await base.embeddings.read(batch.prompts, model.vision);
  const found = tf.tidy(() => {
    const { y } = stackForward(embed(uploaded, images, model), decoderStack(model, uploaded, NO_GRADIENTS), 'nothing');
    const hidden = rmsNorm(tf.slice(y, 0, Math.max(1, length - 1)), model.finalNorm); // the prompt's rows come first
    const logits = tf.matMul(hidden, model.head, false, true);
    return tf.topk(tf.logSoftmax(logits), Math.min(k, logits.shape[1]!));
  });
  const [ids, values] = [await found.indices.array(), await found.values.array()] as [number[][], number[][]];
  free(found, uploaded, images);
  return [
    null,
    ...ids.slice(0, length - 1).map((row, i) => row.map((id, j): [number, number] => [id, values[i]![j]!])),
  ];
}
