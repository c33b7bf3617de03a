import type { Message, RgbImage } from '../../data/prompt.js';
import { encodePng } from '../../images/encode.js';
import { seedNumber } from '../../random.js';
import type { SamplingOptions } from '../policy.js';

/** What a server is asked, besides the prompt. */
export interface ChatSettings {
  /** The model or adapter, by the name the server knows it by. */
  readonly model: string;
  /** Separates the prefix cache of one version of the weights from that of another. */
  readonly cacheSalt: string;
  /** The only tokens that are drawn. */
  readonly allowedTokenIds: readonly number[];
  readonly stopTokenIds: readonly number[];
}

/**
 * The body of a chat completion with token ids and log-probs. Everything that decides the distribution is said: what is left
 * out, vLLM takes from the checkpoint's generation_config.json.
 *
 * @param messages - as {@link chatMessages} gives them
 * @param key - the samples follow from it and the seed
 */
export function chatRequest(
  messages: readonly unknown[],
  key: string,
  options: SamplingOptions,
  settings: ChatSettings,
): Record<string, unknown> {
  const { groupSize, maxTokens, temperature, topP = 1, topK = 0, seed } = options;
  return {
    model: settings.model,
    messages,
    n: temperature === 0 ? 1 : groupSize, // greedy answers are all the same, and vLLM refuses to give several
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: 0,
    repetition_penalty: 1,
    frequency_penalty: 0,
    presence_penalty: 0,
    max_completion_tokens: maxTokens,
    seed: seedNumber(`${seed}/${key}`, 48),
    logprobs: true,
    top_logprobs: 0,
    return_token_ids: true,
    allowed_token_ids: settings.allowedTokenIds,
    stop_token_ids: settings.stopTokenIds,
    cache_salt: settings.cacheSalt,
  };
}

/**
 * Messages with their pictures as PNG at the size the model sees them, so that no server resizes them in a way of its own.
 *
 * @param resize - to that size
 */
export async function chatMessages(
  messages: readonly Message[],
  resize: (image: RgbImage) => RgbImage,
): Promise<unknown[]> {
  return Promise.all(
    messages.map(async ({ role, content }) => {
      if (typeof content === 'string') return { role, content };
      const parts = content.map(async (part) =>
        part.type === 'text' ? part : { type: 'image_url', image_url: { url: await pngUrl(resize(part.image)) } },
      );
      return { role, content: await Promise.all(parts) };
    }),
  );
}

const pngUrl = async (image: RgbImage): Promise<string> =>
  `data:image/png;base64,${(await encodePng(image)).toString('base64')}`;
