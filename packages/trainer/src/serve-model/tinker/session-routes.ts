import { heartbeatRequest, retrieveFutureRequest } from '../../policies/tinker/protocol/messages.js';
import { encodePassOutput, encodeSamples, PROTOBUF } from '../../policies/tinker/protocol/protobuf.js';
import { notFound } from '../refusal.js';
import type { Exchange } from './exchange.js';

/** How long a request for a result is held before it is told to come again. */
const POLL = 15_000;

/** What the server is, sessions, and the results of jobs. */
export function sessionRoutes({ http, service, jobs, limits, post, read }: Exchange): void {
  http.get('/api/v1/healthz', () => ({ status: 'ok' }));
  http.get('/api/v1/get_server_capabilities', () => ({
    supported_models: [{ model_name: service.base.name, max_context_length: limits.context }],
  }));
  post('client/config', () => ({
    pjwt_auth_enabled: false,
    parallel_fwdbwd_chunks: true,
    proto_compress_fwdbwd: false,
  }));
  post('create_session', () => ({ type: 'create_session', session_id: service.openSession() }));
  post('session_heartbeat', (request) => {
    service.beat(read(heartbeatRequest, request).session_id);
    return { type: 'session_heartbeat' };
  });

  http.post('/api/v1/retrieve_future', async (request, reply) => {
    const { request_id } = read(retrieveFutureRequest, request);
    const outcome = await jobs.retrieve(request_id, POLL);
    if (outcome === undefined) throw notFound(`request ${request_id}: unknown, or its result is no longer kept`);
    if (outcome.state === 'pending') return reply.send({ type: 'try_again', request_id, queue_state: 'active' });
    if (outcome.state === 'failed') return reply.send({ error: outcome.error, category: outcome.category });
    const { kind, value } = outcome.value;
    if (kind === 'json' || !(request.headers.accept ?? '').includes(PROTOBUF)) return reply.send(value);
    const bytes = kind === 'pass' ? encodePassOutput(value) : encodeSamples(value);
    return reply.type(PROTOBUF).send(Buffer.from(bytes));
  });
}
