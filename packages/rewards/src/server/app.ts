import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { checkToken } from './access.js';
import { openAdmission, type Admission } from './admission.js';
import { FACES } from './faces/index.js';
import { openIssueLog } from './issue-log.js';
import { openMetrics, type Cells } from './metrics.js';
import { isNestedDeeper } from './nesting.js';
import { openApiDocument } from './openapi.js';
import type { Limits } from './options.js';
import { answerGarbage, jsonProblem, refusalOf } from './problems.js';
import { prometheusText } from './prometheus.js';
import { Refusal, refusalBody, STATUS } from './refusal.js';
import type { RewardSet } from './reward-set.js';
import { openScorer } from './scoring.js';

/** Deepest nesting of a body. */
const NESTING_LIMIT = 100;

/** The HTTP application of one process. */
export interface App {
  readonly http: FastifyInstance;
  readonly admission: Admission;
  /** Ends all scoring under way. */
  readonly abort: (reason: Error) => void;
  /** What this process has counted. */
  readonly cells: () => Cells;
}

/** A request that was let in. */
interface Visit {
  /** Its body as it came. */
  text: string;
  readonly controller: AbortController;
}

/** Builds the application; `allCells` gives the counts of all processes. */
export async function buildApp(set: RewardSet, limits: Limits, allCells: () => Promise<Cells>): Promise<App> {
  const names = set.rewards.map((reward) => reward.name);
  const metrics = openMetrics(names);
  const admission = openAdmission(limits);
  const score = await openScorer(set, { ...limits, metrics, issues: openIssueLog(limits.log) });
  const visits = new Map<FastifyRequest, Visit>();
  const methods = new Map<string, string[]>();

  function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (reply.raw.destroyed) return void reply.hijack(); // nobody is there to be told
    const refusal = refusalOf(error, request.body);
    if (refusal.code === 'internal') limits.log(`internal error: ${(error as Error).stack ?? refusal.message}`);
    metrics.rejected(refusal.code);
    void reply.code(STATUS[refusal.code]).headers(refusal.headers).send(refusalBody(refusal));
  }

  const http = fastify({
    bodyLimit: limits.bodyLimit,
    requestTimeout: limits.requestTimeout,
    http: {
      headersTimeout: limits.requestTimeout,
      connectionsCheckingInterval: Math.ceil(Math.min(limits.requestTimeout / 4, 5000)),
    },
    return503OnClosing: false, // the admission says it
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allowUnionTypes: true } },
    clientErrorHandler: (error, socket) => metrics.rejected(answerGarbage(error, socket)),
    frameworkErrors: (error, request, reply) => refuse(error, request as FastifyRequest, reply as FastifyReply),
  });
  const parseJson = http.getDefaultJsonParser('error', 'error');
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text: string, done) => {
    const visit = visits.get(request);
    if (visit !== undefined) visit.text = text;
    if (isNestedDeeper(text, NESTING_LIMIT))
      done(new Refusal('bad_request', `the body is nested deeper than ${NESTING_LIMIT} levels`));
    else void parseJson(request, text, (error, value) => done(error === null ? null : jsonProblem(text), value));
  });
  http.setErrorHandler(refuse);
  http.setNotFoundHandler((request) => {
    const path = request.url.replace(/[?#].*$/s, '');
    const allow = methods.get(path)?.join(', ');
    if (allow === undefined) throw new Refusal('not_found', `there is no ${path} here`);
    throw new Refusal('method_not_allowed', `${path} is asked by ${allow}, not ${request.method}`, {}, { allow });
  });
  http.addHook('onRoute', ({ method, url }) => {
    methods.set(url, [...(methods.get(url) ?? []), method].flat());
  });
  http.addHook('onRequest', (request, _reply, done) => {
    if (limits.token !== undefined && request.routeOptions.url !== '/health')
      checkToken(request.headers.authorization, limits.token);
    done();
  });

  /** Lets a request in, and sees it out when its reply has gone or its caller has. */
  function enter(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    const leave = admission.enter();
    const start = performance.now();
    const controller = new AbortController();
    visits.set(request, { text: '', controller });
    metrics.began();
    reply.raw.once('close', () => {
      const isAnswered = reply.raw.writableFinished;
      if (!isAnswered) controller.abort(new Error('the caller has gone'));
      visits.delete(request);
      leave();
      const status = isAnswered ? reply.raw.statusCode : 499; // as nginx writes that the caller has gone
      metrics.ended(request.routeOptions.url ?? '', status, (performance.now() - start) / 1000);
    });
    done();
  }

  for (const face of FACES) {
    http.post(face.path, { schema: { body: face.body }, onRequest: enter }, async (request, reply) => {
      const { text, controller } = visits.get(request)!;
      const release = await admission.turn(controller.signal);
      try {
        const body = request.body as never;
        const report = await score(face.read(body), controller.signal);
        return await reply.type('application/json').send(face.reply(report, { body, text, set }));
      } finally {
        release();
      }
    });
  }
  http.post('/seed_session', { schema: { body: { type: 'object' } }, onRequest: enter }, (_request, reply) =>
    reply.send({}),
  );
  http.get('/health', (_request, reply) => {
    if (admission.isDraining()) throw new Refusal('draining', 'the server is going down');
    return reply.send({ status: 'ok', rewards: names });
  });
  http.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(prometheusText(await allCells())),
  );
  const document = openApiDocument();
  http.get('/openapi.json', (_request, reply) => reply.send(document));

  function abort(reason: Error): void {
    for (const { controller } of visits.values()) controller.abort(reason);
  }
  return { http, admission, abort, cells: metrics.cells };
}
