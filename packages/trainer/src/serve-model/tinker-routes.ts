import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import {
  checkpointRequest,
  createModelRequest,
  createSamplingSessionRequest,
  forwardBackwardJson,
  forwardJson,
  heartbeatRequest,
  loadWeightsRequest,
  modelRequest,
  optimStepRequest,
  retrieveFutureRequest,
  sampleRequest,
  saveForSamplerRequest,
  saveWeightsRequest,
  type ForwardBackwardOutput,
  type ForwardBackwardRequest,
  type SampleResponse,
} from '../policies/tinker/protocol/messages.js';
import { decodePass, encodePassOutput, encodeSamples, PROTOBUF } from '../policies/tinker/protocol/protobuf.js';
import { readPeftInfo } from '../models/peft.js';
import type { CheckpointKind } from './checkpoint-store.js';
import { digestOf } from './body-digest.js';
import type { Jobs } from './jobs.js';
import { lossFunction } from './losses.js';
import type { ModelLimits } from './options.js';
import { ModelRefusal, notFound, userError } from './refusal.js';
import { sampleFrom, stopTokens } from './sampling.js';
import { loraInfo, type Service } from './service.js';

/** The result of a job: plain JSON, or what also has a binary form. */
export type JobResult =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'pass'; readonly value: ForwardBackwardOutput }
  | { readonly kind: 'samples'; readonly value: SampleResponse };

const json = (value: unknown): JobResult => ({ kind: 'json', value });

/** How long a request for a result is held before it is told to come again. */
const POLL = 15_000;

/** Answers the Tinker protocol. */
export function tinkerRoutes(
  http: FastifyInstance,
  service: Service,
  jobs: Jobs<JobResult>,
  limits: ModelLimits,
): void {
  const { base } = service;
  const sampled = new Map<string, { readonly digest: string; readonly id: string }>();

  /** A job of a model: its number decides its turn, and that it is done once. */
  function submit(
    request: FastifyRequest,
    modelId: string,
    number: number | null | undefined,
    work: () => Promise<JobResult>,
  ) {
    const { sequence } = service.modelOf(modelId);
    const id =
      number == null
        ? jobs.submit(work)
        : sequence.take(number, digestOf(request), (ready) => jobs.submit(work, ready));
    return { request_id: id, model_id: modelId };
  }

  /** Reads a body. A refused request of a model frees its number, so that those after it need not wait for it. */
  function read<Schema extends z.ZodType>(schema: Schema, request: FastifyRequest): z.output<Schema> {
    const { success, data, error } = schema.safeParse(request.body);
    if (success) return data;
    const { path, message } = error.issues[0]!;
    throw new ModelRefusal(422, `${path.join('.') || 'the body'}: ${message}`);
  }

  function freeNumber({ body }: FastifyRequest): void {
    const { model_id: model, seq_id: number } = (body ?? {}) as { model_id?: unknown; seq_id?: unknown };
    if (typeof model !== 'string' || typeof number !== 'number') return;
    try {
      service.modelOf(model).sequence.skip(number);
    } catch {
      // there is no such model
    }
  }

  const post = (path: string, answer: (request: FastifyRequest) => unknown): void => {
    http.post(`/api/v1/${path}`, async (request, reply) => {
      try {
        return await reply.send(await answer(request));
      } catch (error) {
        if (!(error instanceof ModelRefusal) || (error.status !== 409 && error.status !== 429)) freeNumber(request);
        throw error;
      }
    });
  };

  http.get('/api/v1/healthz', () => ({ status: 'ok' }));
  http.get('/api/v1/get_server_capabilities', () => ({
    supported_models: [{ model_name: base.name, max_context_length: limits.context }],
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

  const checkBase = (name: string | null | undefined): void => {
    if (name != null && name !== base.name) throw userError(`base_model '${name}': only '${base.name}' is served here`);
  };

  const made = new Map<string, string>(); // the jobs that make models, by the model's id
  post('create_model', (request) => {
    const { session_id, model_seq_id, base_model, lora_config } = read(createModelRequest, request);
    checkBase(base_model);
    const { rank = 32, seed, train_attn, train_mlp } = lora_config ?? {};
    if (rank < 1 || rank > limits.rank) throw userError(`lora_config.rank: expected 1 to ${limits.rank}, got ${rank}`);
    const [attention, mlp] = [train_attn ?? true, train_mlp ?? true];
    if (!attention && !mlp) throw userError('lora_config: train_attn and train_mlp are both off');
    const model = service.model(session_id, model_seq_id);
    const info = { model_id: model.id, base_model: base.name, lora_config: { ...loraInfo(rank), seed: seed ?? null } };
    const asked = { rank, seed: seed ?? undefined, attention, mlp };
    const work = (): JobResult => {
      service.build(model, asked);
      return json({ ...info, type: 'create_model' });
    };
    const id = made.get(model.id) ?? jobs.submit(work);
    made.set(model.id, id);
    return { ...info, status: 'created', request_id: id };
  });

  post('get_info', (request) => {
    const { id, adapter } = service.modelOf(read(modelRequest, request).model_id);
    const data = { model_name: base.name, base_model: base.name, arch: 'qwen2_5_vl', tokenizer_id: base.name };
    return {
      type: 'get_info',
      model_id: id,
      model_data: data,
      model_name: base.name,
      is_lora: true,
      lora_rank: adapter?.rank(),
    };
  });

  post('unload_model', (request) => {
    const { model_id } = read(modelRequest, request);
    service.modelOf(model_id);
    const work = (): JobResult => {
      service.unload(model_id);
      return json({ type: 'unload_model', model_id });
    };
    return { request_id: jobs.submit(work), model_id };
  });

  function pass(request: FastifyRequest, asked: ForwardBackwardRequest) {
    const { model_id, seq_id, data, loss_fn, loss_fn_config, forward_only } = asked;
    const loss = lossFunction(loss_fn, loss_fn_config ?? {});
    const work = async (): Promise<JobResult> => {
      const value = await service.adapterOf(model_id).pass(data, loss, forward_only ? 'forward' : 'both');
      return { kind: 'pass', value };
    };
    return submit(request, model_id, seq_id, work);
  }
  post('forward_backward', (request) => {
    if (!Buffer.isBuffer(request.body)) return pass(request, read(forwardBackwardJson, request));
    const asked = readPass(request.body);
    request.body = asked;
    return pass(request, asked);
  });
  post('forward', (request) => pass(request, read(forwardJson, request)));

  post('optim_step', (request) => {
    const { model_id, seq_id, adam_params } = read(optimStepRequest, request);
    return submit(request, model_id, seq_id, async () =>
      json({ type: 'optim_step', metrics: await service.adapterOf(model_id).step(adam_params) }),
    );
  });

  post('save_weights', (request) => {
    const { model_id, seq_id, path, overwrite } = read(saveWeightsRequest, request);
    return submit(request, model_id, seq_id, async () => {
      const adapter = service.adapterOf(model_id);
      const write = (folder: string) => adapter.save(folder, 'resumable');
      const saved = await service.checkpoints.save(model_id, 'weights', path, overwrite ?? false, write);
      return json({ type: 'save_weights', path: saved });
    });
  });

  post('save_weights_for_sampler', (request) => {
    const { model_id, seq_id, path } = read(saveForSamplerRequest, request);
    return submit(request, model_id, seq_id, async () => {
      const adapter = service.adapterOf(model_id);
      const type = 'save_weights_for_sampler';
      if (path == null)
        return json({ type, path: null, sampling_session_id: service.snapshot(service.modelOf(model_id)) });
      const write = (folder: string) => adapter.save(folder, 'weights');
      const saved = await service.checkpoints.save(model_id, 'sampler_weights', path, false, write);
      return json({ type, path: saved, sampling_session_id: null });
    });
  });

  post('load_weights', (request) => {
    const { model_id, session_id, model_seq_id, seq_id, path, optimizer } = read(loadWeightsRequest, request);
    const folder = service.checkpoints.folderOf(path);
    const content = optimizer ? 'resumable' : 'weights';
    if (model_id != null) {
      return submit(request, model_id, seq_id, async () => {
        await service.adapterOf(model_id).load(folder, content);
        return json({ type: 'load_weights', path, model_id });
      });
    }
    if (session_id == null || model_seq_id == null)
      throw userError('load_weights: expected model_id, or session_id and model_seq_id');
    const model = service.model(session_id, model_seq_id);
    const asked = { rank: 1, seed: 0, attention: true, mlp: true };
    const work = async (): Promise<JobResult> => {
      await service.build(model, asked).load(folder, content);
      return json({ type: 'load_weights', path, model_id: model.id });
    };
    const id = made.get(model.id) ?? jobs.submit(work);
    made.set(model.id, id);
    return { request_id: id, model_id: model.id };
  });

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
    const work = async (): Promise<JobResult> => {
      await checkLength(asked);
      if (session != null) return samples(asked, service.samplingOf(session).model());
      const weights = await service.weightsOf(model_path ?? base.name);
      try {
        return await samples(asked, weights.model());
      } finally {
        weights.dispose();
      }
    };
    const id = once(request, session != null && seq_id != null ? `${session}/${seq_id}` : undefined, () =>
      jobs.submit(work),
    );
    return { request_id: id, sample_sequence_ids: Array.from({ length: num_samples }, (_, i) => `${id}:${i}`) };
  });

  const samples = async (
    asked: z.output<typeof sampleRequest>,
    model: Parameters<typeof sampleFrom>[1],
  ): Promise<JobResult> => ({
    kind: 'samples',
    value: await sampleFrom(asked, model, base),
  });

  async function checkLength({ prompt, sampling_params }: z.output<typeof sampleRequest>): Promise<void> {
    const { length } = (await base.inputs.expand(prompt)).ids;
    const asked = length + (sampling_params.max_tokens ?? 16);
    if (asked > limits.context)
      throw userError(`prompt and max_tokens: ${asked} tokens exceed the context of ${limits.context}`);
  }

  function once(request: FastifyRequest, key: string | undefined, make: () => string): string {
    if (key === undefined) return make();
    const digest = digestOf(request);
    const known = sampled.get(key);
    if (known && known.digest !== digest) throw new ModelRefusal(409, 'Sampling request sequence number was reused');
    if (known) return known.id;
    const id = make();
    sampled.set(key, { digest, id });
    if (sampled.size > 4096) sampled.delete(sampled.keys().next().value!);
    return id;
  }

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

  post('weights_info', async (request) => {
    const { tinker_path } = read(checkpointRequest, request);
    const { rank, targets } = (await readPeftInfo(service.checkpoints.folderOf(tinker_path))).shape;
    const has = (...names: string[]): boolean => names.some((name) => targets.includes(name));
    const trained = { train_unembed: false, train_mlp: has('up_proj'), train_attn: has('q_proj') };
    return { base_model: base.name, is_lora: true, lora_rank: rank, ...trained };
  });
  http.get<{ Params: { id: string } }>('/api/v1/training_runs/:id/checkpoints', (request) => ({
    checkpoints: service.checkpoints.list(request.params.id),
  }));
  http.delete<{ Params: { id: string; kind: string; name: string } }>(
    '/api/v1/training_runs/:id/checkpoints/:kind/:name',
    async (request, reply) => {
      const { id, kind, name } = request.params;
      if (kind !== 'weights' && kind !== 'sampler_weights') throw notFound(`${kind}: no such kind of checkpoint`);
      service.checkpoints.remove(id, kind satisfies CheckpointKind, name);
      return reply.code(204).send();
    },
  );
}

function readPass(bytes: Uint8Array): ForwardBackwardRequest {
  try {
    return decodePass(bytes);
  } catch (error) {
    throw new ModelRefusal(422, `the body is no ForwardBackwardRequest: ${(error as Error).message}`);
  }
}
