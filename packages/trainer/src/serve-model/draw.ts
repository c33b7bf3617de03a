import seedrandom from 'seedrandom';
import { generate, type Generated, type Watch } from '../models/qwen2.5-vl/generation.js';
import type { Qwen25Vl } from '../models/qwen2.5-vl/model.js';
import { eighthsUp } from '../models/round-length.js';
import type { SampleRequest } from '../policies/tinker/protocol/messages.js';
import type { BaseModel } from './base-model.js';
import type { ExpandedInput } from './inputs.js';
import { userError } from './refusal.js';

/** Longest completion of a request that does not say it. */
export const DEFAULT_TOKENS = 16;

/** A request for completions, with its prompt read. */
export interface Drawing {
  readonly request: SampleRequest;
  readonly input: ExpandedInput;
  /** What is drawn follows from it. */
  readonly seed: number;
}

/**
 * What drawings must have in common to be drawn together: how tokens are drawn, and every length, so that on wasm each of them has the
 * same bits alone and in company.
 */
export function batchKey({ request, input }: Drawing): string {
  const { num_samples, sampling_params: params } = request;
  const { max_tokens, temperature, top_k, top_p, stop } = params;
  return JSON.stringify([
    eighthsUp(input.ids.length),
    num_samples,
    max_tokens,
    temperature,
    top_k,
    top_p,
    stop ?? null,
  ]);
}

/**
 * Draws completions of prompts that have a {@link batchKey} in common.
 *
 * @returns [drawing][completion]
 */
export async function drawTogether(
  drawings: readonly Drawing[],
  model: Qwen25Vl,
  base: BaseModel,
  watch?: Watch,
): Promise<Generated[][]> {
  const { config, inputs, embeddings } = base;
  const { num_samples, sampling_params: params } = drawings[0]!.request;
  const prompts = drawings.map(({ input }) => inputs.prompt(input));
  const images = await embeddings.read(prompts, model.vision);
  try {
    return await generate(prompts, images, model, {
      groupSize: num_samples,
      maxTokens: params.max_tokens ?? DEFAULT_TOKENS,
      temperature: params.temperature,
      topK: Math.max(0, params.top_k),
      topP: params.top_p,
      // tokens that stand for pixels: a sequence with one of them could not be sent back
      suppressed: [config.imageTokenId, config.videoTokenId, config.visionStartTokenId, config.visionEndTokenId],
      stopTokens: new Set(stopTokens(params.stop, base)),
      random: (drawing, completion) => seedrandom(`${drawings[drawing]!.seed}/${completion}`),
      round: eighthsUp,
      watch,
    });
  } finally {
    images.dispose();
  }
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
