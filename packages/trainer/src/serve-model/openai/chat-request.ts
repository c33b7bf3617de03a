import { z } from 'zod';
import type { Message } from '../../data/prompt.js';
import { decodeImage } from '../../images/decode.js';
import { encodePng } from '../../images/encode.js';
import type { Chunk, SampleRequest } from '../../policies/tinker/protocol/messages.js';
import { splitAtImages } from '../../policies/tinker/prompts.js';
import type { BaseModel } from '../base-model.js';
import type { ModelLimits } from '../options.js';
import { ModelRefusal, userError } from '../refusal.js';

const part = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string() }) }),
]);
const chatRequest = z.object({
  /** The base by its name, a model by its id, or a checkpoint by its `tinker://` address. */
  model: z.string(),
  messages: z
    .array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.union([z.string(), z.array(part)]) }))
    .min(1),
  n: z.int().min(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().positive().max(1).nullish(),
  top_k: z.int().nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  logprobs: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
});

/** What is asked for, and how. */
export interface ChatRequest {
  readonly model: string;
  readonly request: SampleRequest;
  readonly promptTokens: number;
  readonly logprobs: boolean;
  /** Answered piece by piece. */
  readonly stream: boolean;
  /** A last piece of a stream counts the tokens. */
  readonly usage: boolean;
}

/**
 * Reads a request for chat completions. Images come as data URLs: nothing is ever fetched.
 *
 * @throws {ModelRefusal} 400 naming the field
 */
export async function readChatRequest(body: unknown, base: BaseModel, limits: ModelLimits): Promise<ChatRequest> {
  const { success, data: asked, error } = chatRequest.safeParse(body);
  if (!success) throw new ModelRefusal(400, `${error.issues[0]!.path.join('.')}: ${error.issues[0]!.message}`);
  const { model, n, max_tokens, max_completion_tokens, temperature, top_p, top_k, seed, stop } = asked;
  if ((n ?? 1) > limits.samples) throw userError(`n: expected at most ${limits.samples}, got ${n}`);
  const messages = await Promise.all(asked.messages.map(readMessage));
  const chunks = await splitAtImages(messages, base.processor, async (image): Promise<Chunk> => {
    return { type: 'image', data: await encodePng(image), format: 'png' };
  });
  const { length } = (await base.inputs.expand({ chunks })).ids;
  const sampling_params = {
    max_tokens: max_completion_tokens ?? max_tokens ?? Math.max(1, Math.min(256, limits.context - length)),
    seed,
    stop,
    temperature: temperature ?? 1,
    top_k: top_k ?? -1,
    top_p: top_p ?? 1,
  };
  return {
    model,
    request: { num_samples: n ?? 1, prompt: { chunks }, sampling_params },
    promptTokens: length,
    logprobs: asked.logprobs === true,
    stream: asked.stream === true,
    usage: asked.stream_options?.include_usage === true,
  };
}

async function readMessage({ role, content }: z.output<typeof chatRequest>['messages'][number]): Promise<Message> {
  if (typeof content === 'string') return { role, content };
  const parts = content.map(async (one) => {
    if (one.type === 'text') return one;
    const { url } = one.image_url;
    const base64 = /^data:image\/[a-z]+;base64,(.*)$/s.exec(url)?.[1];
    if (base64 === undefined) throw userError('image_url: expected a data URL with base64, as nothing is fetched here');
    const image = await decodeImage(Buffer.from(base64, 'base64'), 'image').catch((error: unknown) => {
      throw userError((error as Error).message);
    });
    return { type: 'image' as const, image };
  });
  return { role, content: await Promise.all(parts) };
}
