import type { AddressInfo } from 'node:net';
import { basename, resolve } from 'node:path';
import { isSameSecret, urlOf, within } from '@q-insight/rewards/server';
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';
import { PROTOBUF } from '../policies/tinker/protocol/protobuf.js';
import { openBaseModel } from './base-model.js';
import { noteBody } from './body-digest.js';
import { openJobs } from './jobs.js';
import { openAiError } from './openai/error.js';
import { openAiRoutes } from './openai/routes.js';
import { modelLimits, type ModelLimits, type ServeModelOptions } from './options.js';
import { ModelRefusal } from './refusal.js';
import { openSampleQueue } from './sample-queue.js';
import { openService } from './service.js';
import type { JobResult } from './tinker/exchange.js';
import { tinkerRoutes } from './tinker/routes.js';

/** A model that is served. */
export interface ModelServer {
  /** Where it is, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** What callers know the model by. */
  readonly name: string;
  /** Answers newcomers 503, finishes what is under way for as long as `drainTimeout` allows, and ends. */
  close(): Promise<void>;
}

/** How long the last replies may take to go out. */
const LAST_WORDS = 500;

/**
 * Serves a Qwen2.5-VL checkpoint: training and sampling by the Tinker protocol, which Python's `tinker` package speaks, and chat
 * completions with images as OpenAI's clients ask for them, at `/v1`. Several adapters can be trained on the one base; the work
 * itself is done one piece at a time, samples of the same weights and shape together. Node only.
 *
 * Rejects when an option makes no sense, the checkpoint cannot be read, or the port is taken.
 *
 * @param checkpoint - folder in Hugging Face layout
 */
export async function serveModel(checkpoint: string, options: ServeModelOptions = {}): Promise<ModelServer> {
  const limits = modelLimits(options);
  const base = await openBaseModel(checkpoint, options.name ?? basename(resolve(checkpoint)));
  const service = openService(base, limits);
  const jobs = openJobs<JobResult>(limits.queue, limits.log);
  const queue = openSampleQueue(base, jobs, limits);
  let isDraining = false;

  const http = openHttp(limits, () => isDraining);
  tinkerRoutes(http, service, jobs, queue, limits);
  openAiRoutes(http, service, jobs, queue, limits);
  await http.listen({ host: limits.host, port: limits.port });
  const { port } = http.server.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  async function drain(): Promise<void> {
    isDraining = true;
    await within(jobs.idle(), limits.drainTimeout);
    const ended = http.close();
    if (!(await within(ended, LAST_WORDS))) http.server.closeAllConnections();
    await ended;
    if (jobs.waiting() === 0) service.dispose();
  }
  return { url: urlOf(limits.host, port), name: base.name, close: () => (closed ??= drain()) };
}

/** HTTP with the key, the limits and the errors that both protocols share. */
function openHttp(limits: ModelLimits, isDraining: () => boolean): FastifyInstance {
  const http = fastify({
    bodyLimit: limits.bodyLimit,
    requestTimeout: 60_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    noteBody(request, body);
    try {
      done(null, JSON.parse(body.toString('utf8')));
    } catch (error) {
      done(new ModelRefusal(422, `the body is not JSON: ${(error as Error).message}`));
    }
  });
  http.addContentTypeParser(PROTOBUF, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    noteBody(request, body);
    done(null, body);
  });
  http.addHook('onRequest', (request, _reply, done) => {
    done(refusalAtTheDoor(request, limits.key, isDraining()));
  });
  http.setNotFoundHandler((request, reply) => {
    const detail = `there is no ${request.method} ${request.url.replace(/[?#].*$/s, '')} here`;
    void reply.code(404).send(errorBody(request, 404, detail));
  });
  http.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error instanceof ModelRefusal ? error.status : (error.statusCode ?? 500);
    if (status >= 500 && !(error instanceof ModelRefusal))
      limits.log(`internal error: ${error.stack ?? error.message}`);
    const headers = error instanceof ModelRefusal ? error.headers : {};
    void reply
      .code(status)
      .headers(headers)
      .send(errorBody(request, status, error.message));
  });
  return http;
}

/** Why a request is not let in, if it is not. */
function refusalAtTheDoor(
  request: FastifyRequest,
  key: string | undefined,
  isDraining: boolean,
): ModelRefusal | undefined {
  const { url } = request.routeOptions;
  if (url === '/api/v1/healthz' || url === '/health') return undefined;
  if (key !== undefined && !isSameSecret(keyOf(request), key)) {
    const header = { 'www-authenticate': 'Bearer' };
    return new ModelRefusal(401, 'the API key is wrong or missing: send it as X-API-Key', header);
  }
  // results of what was asked before can still be fetched
  if (isDraining && url !== '/api/v1/retrieve_future') {
    return new ModelRefusal(503, 'the server is going down', { 'retry-after': '1' });
  }
  return undefined;
}

function keyOf({ headers }: FastifyRequest): string {
  const own = headers['x-api-key'];
  if (typeof own === 'string') return own;
  return /^bearer +(.*)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** Errors as the clients of each protocol read them. */
function errorBody({ url }: FastifyRequest, status: number, message: string): object {
  if (!url.startsWith('/v1/')) return { detail: message };
  return openAiError(status, message);
}
