import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Message } from '../data/prompt.js';
import { decodeImage } from '../images/decode.js';
import { encodePng } from '../images/encode.js';
import type { Chunk, SampleRequest, SampleResponse } from '../policies/tinker/protocol/messages.js';
import { splitAtImages } from '../policies/tinker/prompts.js';
import type { Jobs } from './jobs.js';
import type { ModelLimits } from './options.js';
import { ModelRefusal, userError } from './refusal.js';
import { sampleFrom } from './sampling.js';
import type { Service } from './service.js';
import type { JobResult } from './tinker/exchange.js';

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
  stream: z.literal(false, 'streaming is not offered').nullish(),
});

/** Answers chat completions as OpenAI's clients ask for them. Images come as data URLs: nothing is ever fetched. */
export function openAiRoutes(
  http: FastifyInstance,
  service: Service,
  jobs: Jobs<JobResult>,
  limits: ModelLimits,
): void {
  const { base } = service;
  const { tokenizer } = base.processor;

  http.get('/v1/models', () => ({
    object: 'list',
    data: [{ id: base.name, object: 'model', created: 0, owned_by: 'q-insight' }],
  }));

  http.post('/v1/chat/completions', async (request, reply) => {
    const { success, data: asked, error } = chatRequest.safeParse(request.body);
    if (!success) throw new ModelRefusal(400, `${error.issues[0]!.path.join('.')}: ${error.issues[0]!.message}`);
    const { n, max_tokens, max_completion_tokens, temperature, top_p, top_k, seed, stop } = asked;
    if ((n ?? 1) > limits.samples) throw userError(`n: expected at most ${limits.samples}, got ${n}`);
    const messages = await Promise.all(asked.messages.map(readMessage));
    const chunks = await splitAtImages(messages, base.processor, async (image): Promise<Chunk> => {
      return { type: 'image', data: await encodePng(image), format: 'png' };
    });
    const prompt = { chunks };
    const { length } = (await base.inputs.expand(prompt)).ids;
    const most = max_completion_tokens ?? max_tokens ?? Math.min(256, limits.context - length);
    if (length + most > limits.context)
      throw userError(`${length + most} tokens exceed the context of ${limits.context}`);
    const sampling: SampleRequest = {
      num_samples: n ?? 1,
      prompt,
      sampling_params: {
        max_tokens: most,
        seed,
        stop,
        temperature: temperature ?? 1,
        top_k: top_k ?? -1,
        top_p: top_p ?? 1,
      },
    };
    const id = jobs.submit(async () => {
      const weights = await service.weightsOf(asked.model);
      try {
        return { kind: 'samples', value: await sampleFrom(sampling, weights.model(), base) };
      } finally {
        weights.dispose();
      }
    });
    const outcome = await jobs.retrieve(id, 2 ** 31 - 1);
    if (outcome?.state !== 'done') {
      const failed = outcome?.state === 'failed' ? outcome : { error: 'the result is lost', category: 'server' };
      throw new ModelRefusal(failed.category === 'user' ? 400 : 500, failed.error);
    }
    const { sequences } = outcome.value.value as SampleResponse;
    const completed = sequences.reduce((sum, { tokens }) => sum + tokens.length, 0);
    return reply.send({
      id: `chatcmpl-${randomBytes(8).toString('hex')}`,
      object: 'chat.completion',
      created: Math.floor(Date.now() / 1000),
      model: asked.model,
      choices: sequences.map((sequence, index) => choiceOf(sequence, index, asked.logprobs === true)),
      usage: { prompt_tokens: length, completion_tokens: completed, total_tokens: length + completed },
    });
  });

  function choiceOf(
    { tokens, logprobs, stop_reason }: SampleResponse['sequences'][number],
    index: number,
    withLogprobs: boolean,
  ) {
    const content = tokens.map((token, i) => {
      const text = tokenizer.token(token) ?? '';
      return { token: text, logprob: logprobs?.[i] ?? 0, bytes: [...Buffer.from(text)], top_logprobs: [] };
    });
    return {
      index,
      message: { role: 'assistant', content: tokenizer.decode(tokens, 'skip') },
      logprobs: withLogprobs ? { content } : null,
      finish_reason: stop_reason,
      token_ids: tokens,
    };
  }
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
