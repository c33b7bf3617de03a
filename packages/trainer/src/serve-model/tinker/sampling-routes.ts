import type { FastifyRequest } from 'fastify';
import { createSamplingSessionRequest, sampleRequest } from '../../policies/tinker/protocol/messages.js';
import { digestOf } from '../body-digest.js';
import { ModelRefusal, userError } from '../refusal.js';
import { remember } from '../remembered.js';
import { stopTokens } from '../draw.js';
import type { SampleQueue, Weights } from '../sample-queue.js';
import type { Exchange } from './exchange.js';

/** Answers that are kept for a request that comes again. */
const KEPT = 4096;

/** Samples of the base model, of a model as it was at some time, or of a checkpoint. */
export function samplingRoutes({ http, service, limits, post, read, checkBase }: Exchange, queue: SampleQueue): void {
  const { base } = service;
  const sampled = remember<{ readonly digest: string; readonly id: string }>(KEPT);

  post('create_sampling_session', async (request) => {
    const { session_id, sampling_session_seq_id, base_model, model_path } = read(createSamplingSessionRequest, request);
    service.beat(session_id);
    checkBase(base_model);
    if ((base_model == null) === (model_path == null)) throw userError('expected one of base_model and model_path');
    const key = `${session_id}:sample:${sampling_session_seq_id}`;
    return {
      type: 'create_sampling_session',
      sampling_session_id: await service.openSampling(key, model_path ?? undefined),
    };
  });

  http.get<{ Params: { id: string } }>('/api/v1/samplers/:id', ({ params: { id } }) => {
    service.samplingOf(id);
    return { sampler_id: id, base_model: base.name, model_path: null };
  });

  post('asample', (request) => {
    const asked = read(sampleRequest, request);
    const { num_samples, sampling_session_id: session, seq_id, base_model, model_path } = asked;
    if (num_samples > limits.samples)
      throw userError(`num_samples: expected at most ${limits.samples}, got ${num_samples}`);
    checkBase(base_model);
    if ([session, base_model, model_path].filter((one) => one != null).length !== 1)
      throw userError('expected one of sampling_session_id, base_model and model_path');
    stopTokens(asked.sampling_params.stop, base);
    if (session != null) service.samplingOf(session);
    const weights = session != null ? snapshotOf(session) : savedWeights(model_path ?? base.name);
    const id = once(request, session != null && seq_id != null ? `${session}/${seq_id}` : undefined, () =>
      queue.submit(asked, weights),
    );
    return { request_id: id, sample_sequence_ids: Array.from({ length: num_samples }, (_, i) => `${id}:${i}`) };
  });

  const savedWeights = (name: string): Weights => ({ name, open: () => service.weightsOf(name) });
  /** The session keeps its weights. */
  const snapshotOf = (session: string): Weights => ({
    name: session,
    open: () => Promise.resolve({ ...service.samplingOf(session), dispose: () => undefined }),
  });

  function once(request: FastifyRequest, key: string | undefined, make: () => string): string {
    if (key === undefined) return make();
    const digest = digestOf(request);
    const first = sampled.get(key, () => ({ digest, id: make() }));
    if (first.digest !== digest) throw new ModelRefusal(409, 'Sampling request sequence number was reused');
    return first.id;
  }
}
