import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { SampleResponse } from '../../policies/tinker/protocol/messages.js';
import type { Jobs } from '../jobs.js';
import type { ModelLimits } from '../options.js';
import { ModelRefusal } from '../refusal.js';
import type { SampleQueue } from '../sample-queue.js';
import type { Service } from '../service.js';
import type { JobResult } from '../tinker/exchange.js';
import { chatAnswer } from './chat-answer.js';
import { readChatRequest } from './chat-request.js';
import { openChatStream } from './chat-stream.js';
import { openAiError } from './error.js';

/** Answers chat completions as OpenAI's clients ask for them, in one or piece by piece. */
export function openAiRoutes(
  http: FastifyInstance,
  service: Service,
  jobs: Jobs<JobResult>,
  queue: SampleQueue,
  limits: ModelLimits,
): void {
  const { base } = service;
  const { tokenizer } = base.processor;

  http.get('/health', () => ({ status: 'ok' }));
  http.get('/v1/models', () => ({
    object: 'list',
    data: service.names().map((id) => ({ id, object: 'model', created: 0, owned_by: 'q-insight' })),
  }));

  http.post('/v1/chat/completions', async (request, reply) => {
    const asked = await readChatRequest(request.body, base, limits);
    const stream = asked.stream ? openChatStream(reply.raw, asked, tokenizer) : undefined;
    const weights = { name: asked.model, open: () => service.weightsOf(asked.model) };
    const id = queue.submit(asked.request, weights, { signal: signalOf(reply.raw), onTokens: stream?.onTokens });
    const outcome = await jobs.retrieve(id, 2 ** 31 - 1);
    if (outcome?.state !== 'done') {
      const failed = outcome?.state === 'failed' ? outcome : { error: 'the result is lost', category: 'server' };
      const refusal = new ModelRefusal(failed.category === 'user' ? 400 : 500, failed.error);
      if (!stream?.hasBegun()) throw refusal;
      stream.fail(openAiError(refusal.status, refusal.message));
      return reply.hijack();
    }
    const { sequences } = outcome.value.value as SampleResponse;
    if (!stream) return reply.send(chatAnswer(asked, sequences, tokenizer));
    stream.end(sequences);
    return reply.hijack();
  });
}

/** Aborted when the caller goes away before the answer is whole. */
function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new ModelRefusal(499, 'the caller has left'));
  });
  return controller.signal;
}
