import { randomBytes } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import seedrandom from 'seedrandom';
import { createGradients } from '../models/gradients.js';
import { generate } from '../models/qwen2.5-vl/generation.js';
import type { Qwen25Vl } from '../models/qwen2.5-vl/model.js';
import { decoderStack, embed, runSequences } from '../models/qwen2.5-vl/sequences.js';
import { uploadBatch } from '../models/qwen2.5-vl/batch-tensors.js';
import { stackForward } from '../models/layer-stack.js';
import { rmsNorm } from '../models/layers/rms-norm.js';
import { free } from '../models/tidy.js';
import type { SampleRequest, SampleResponse } from '../policies/tinker/protocol/messages.js';
import type { BaseModel } from './base-model.js';
import { packSplit, splitSequence } from './datums.js';
import type { ExpandedInput } from './inputs.js';
import { userError } from './refusal.js';

const NO_GRADIENTS = createGradients(new Set());

/** What is drawn after a prompt, and with which log-probs the prompt itself would have been. */
export async function sampleFrom(request: SampleRequest, model: Qwen25Vl, base: BaseModel): Promise<SampleResponse> {
  const input = await base.inputs.expand(request.prompt);
  const sequences = await draw(request, input, model, base);
  return {
    sequences,
    ...(request.prompt_logprobs === true && { prompt_logprobs: await promptLogprobs(input, model, base) }),
    ...(request.topk_prompt_logprobs && {
      topk_prompt_logprobs: await likeliest(input, request.topk_prompt_logprobs, model, base),
    }),
  };
}

async function draw(request: SampleRequest, input: ExpandedInput, model: Qwen25Vl, base: BaseModel) {
  const { num_samples, sampling_params: params } = request;
  const { config, inputs, embeddings } = base;
  const prompt = inputs.prompt(input);
  const images = await embeddings.read([prompt], model.vision);
  const seed = params.seed ?? randomBytes(6).readUIntBE(0, 6);
  const [group] = await generate([prompt], images, model, {
    groupSize: num_samples,
    maxTokens: params.max_tokens ?? 16,
    temperature: params.temperature,
    topK: Math.max(0, params.top_k),
    topP: params.top_p,
    // tokens that stand for pixels: a sequence with one of them could not be sent back
    suppressed: [config.imageTokenId, config.videoTokenId, config.visionStartTokenId, config.visionEndTokenId],
    stopTokens: new Set(stopTokens(params.stop, base)),
    random: (_, completion) => seedrandom(`${seed}/${completion}`),
  });
  images.dispose();
  return group!.map(({ tokens, logprobs, finishReason }) => ({ tokens, logprobs, stop_reason: finishReason }));
}

/** An empty list lets no token end a sample. */
export function stopTokens(stop: SampleRequest['sampling_params']['stop'], base: BaseModel): readonly number[] {
  if (stop == null) return base.eosTokenIds;
  return [stop].flat().map((one) => {
    if (typeof one === 'number') return one;
    const ids = base.processor.tokenizer.encode(one);
    if (ids.length !== 1)
      throw userError(`stop '${one}': takes ${ids.length} tokens, and only one can end a sample here`);
    return ids[0]!;
  });
}

async function promptLogprobs(input: ExpandedInput, model: Qwen25Vl, base: BaseModel): Promise<(number | null)[]> {
  const { ids } = input;
  if (ids.length === 1) return [null];
  const sequence = splitSequence(input, [...ids.slice(1), 0], ids.length, base); // the last one predicts what is not there
  const batch = packSplit([sequence], base);
  const images = await base.embeddings.read(batch.prompts, model.vision);
  const { logprobs } = runSequences(batch, images, model, NO_GRADIENTS);
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
