import { z } from 'zod';
import { readJson, resultOf, type Result, type Submitted } from './futures.js';
import {
  forwardBackwardOutput,
  inputToJson,
  passToJson,
  sampleResponse,
  type AdamParams,
  type Datum,
  type ForwardBackwardOutput,
  type SampleRequest,
  type SampleResponse,
} from './protocol/messages.js';
import { decodePassOutput, decodeSamples, encodePass, PROTOBUF } from './protocol/protobuf.js';
import { createTransport, type Body, type Transport, type TransportOptions } from './transport.js';

/** Options of {@link openTinker}. */
export interface TinkerOptions extends TransportOptions {
  /** How passes are sent; servers before SDK 0.25 take JSON alone. @defaultValue 'protobuf' */
  readonly encoding?: 'protobuf' | 'json' | undefined;
}

/** A loss by name, with its settings. */
export interface NamedLoss {
  readonly name: string;
  readonly config?: Readonly<Record<string, number>>;
}

/** A model that is trained on a server. Requests are taken in the order in which they are made; none waits for the result of another. */
export interface RemoteModel {
  readonly id: string;
  pass(data: readonly Datum[], loss: NamedLoss, direction: 'both' | 'forward'): Promise<ForwardBackwardOutput>;
  step(adam: AdamParams): Promise<Readonly<Record<string, number>>>;
  /** Makes the weights as they are now ready to be sampled from. */
  snapshot(): Promise<RemoteSampler>;
  /** @returns the address of the checkpoint */
  save(name: string): Promise<string>;
  /** Only as the first request of a model: servers ask for that. */
  load(path: string): Promise<void>;
  unload(): Promise<void>;
}

/** Weights that are sampled from. */
export interface RemoteSampler {
  sample(request: Omit<SampleRequest, 'sampling_session_id' | 'seq_id'>): Promise<SampleResponse>;
}

/** A session with a server that speaks the Tinker protocol. */
export interface TinkerSession {
  /** Names of the models that can be trained. */
  models(): Promise<string[]>;
  createModel(baseModel: string, lora: { readonly rank: number; readonly seed: number }): Promise<RemoteModel>;
  /** The base model as it is without training. */
  baseSampler(baseModel: string): Promise<RemoteSampler>;
  close(): void;
}

/** Seconds between signs of life; servers drop a session's models after some minutes without. */
const HEARTBEAT = 10;

const capabilities = z.object({ supported_models: z.array(z.object({ model_name: z.string().nullish() })) });
const session = z.object({ session_id: z.string() });
const submitted = z.looseObject({ request_id: z.string() });
const madeModel = z.looseObject({ model_id: z.string() });
const savedPath = z.looseObject({ path: z.string() });
const samplingSession = z.looseObject({ sampling_session_id: z.string() });
const stepMetrics = z.looseObject({ metrics: z.record(z.string(), z.number()).nullish() });

/** Opens a session and keeps it alive until it is closed. */
export async function openTinker(options: TinkerOptions): Promise<TinkerSession> {
  const transport = createTransport(options);
  const ask = async <S extends z.ZodType>(schema: S, path: string, json: object): Promise<z.output<S>> =>
    parsed(schema, path, readJson(await transport.send('POST', path, { json }), path));
  const introduction = { tags: ['q-insight'], user_metadata: null, sdk_version: '0.38.0', type: 'create_session' };
  const { session_id } = await ask(session, 'create_session', introduction).catch((error: unknown) => {
    transport.close();
    throw error;
  });
  const beat = setInterval(() => {
    transport
      .send('POST', 'session_heartbeat', { json: { session_id, type: 'session_heartbeat' } })
      .catch(() => undefined);
  }, HEARTBEAT * 1000);
  beat.unref();

  let modelCount = 0;
  let samplingCount = 0;
  return {
    models: async () => {
      const answer = await transport.send('GET', 'get_server_capabilities');
      const { supported_models: found } = parsed(
        capabilities,
        'get_server_capabilities',
        readJson(answer, 'get_server_capabilities'),
      );
      return found.flatMap(({ model_name: name }) => name ?? []);
    },
    createModel: async (base_model, lora) => {
      const lora_config = { ...lora, train_unembed: false, train_mlp: true, train_attn: true };
      const number = modelCount++;
      const asked = { session_id, model_seq_id: number, base_model, lora_config, type: 'create_model' };
      const result = await request(transport, 'create_model', 'create_model', { json: asked });
      const { model_id } = parsed(madeModel, 'create_model', jsonOf(result));
      return remoteModel(transport, model_id, options.encoding ?? 'protobuf', () => samplingCount++);
    },
    baseSampler: async (base_model) => {
      const asked = {
        session_id,
        sampling_session_seq_id: samplingCount++,
        base_model,
        type: 'create_sampling_session',
      };
      const { sampling_session_id } = await ask(samplingSession, 'create_sampling_session', asked);
      return remoteSampler(transport, sampling_session_id);
    },
    close: () => {
      clearInterval(beat);
      transport.close();
    },
  };
}

function remoteModel(
  transport: Transport,
  model_id: string,
  encoding: 'protobuf' | 'json',
  samplingNumber: () => number,
): RemoteModel {
  const enqueue = createSubmissions();

  /** Sends a request under the model's next number; a refused one leaves the number to the next. */
  const ordered = (path: string, bodyOf: (seq_id: number) => { path: string; body: Body }): Promise<Result> =>
    enqueue((seq_id) => {
      const { path: to, body } = bodyOf(seq_id);
      return { what: path, submit: () => submit(transport, to, body), transport };
    });
  const json = (path: string, content: object): Promise<Result> =>
    ordered(path, (seq_id) => ({ path, body: { json: { model_id, ...content, seq_id, type: path } } }));

  return {
    id: model_id,
    pass: async (data, { name: loss_fn, config = null }, direction) => {
      const forward_only = direction === 'forward';
      const result = await ordered('forward_backward', (seq_id) => {
        const asked = { model_id, seq_id, data: [...data], loss_fn, loss_fn_config: config, forward_only };
        if (encoding === 'protobuf')
          return { path: 'forward_backward', body: { bytes: encodePass(asked), contentType: PROTOBUF } };
        const { path, body } = passToJson(asked);
        return { path, body: { json: body } };
      });
      if ('bytes' in result) return decodePassOutput(result.bytes);
      return parsed(forwardBackwardOutput, 'forward_backward', result.json);
    },
    step: async (adam_params) =>
      parsed(stepMetrics, 'optim_step', jsonOf(await json('optim_step', { adam_params }))).metrics ?? {},
    snapshot: async () => {
      const asked = { sampling_session_seq_id: samplingNumber(), kind: 'snapshot' };
      const result = jsonOf(await json('save_weights_for_sampler', asked));
      return remoteSampler(transport, parsed(samplingSession, 'save_weights_for_sampler', result).sampling_session_id);
    },
    save: async (path) => parsed(savedPath, 'save_weights', jsonOf(await json('save_weights', { path }))).path,
    load: async (path) => {
      await json('load_weights', { path, optimizer: true });
    },
    unload: async () => {
      await request(transport, 'unload_model', 'unload_model', { json: { model_id, type: 'unload_model' } });
    },
  };
}

function remoteSampler(transport: Transport, sampling_session_id: string): RemoteSampler {
  let count = 0;
  return {
    sample: async ({ prompt, ...rest }) => {
      const asked = { ...rest, prompt: inputToJson(prompt), sampling_session_id, seq_id: count++, type: 'sample' };
      const result = await request(transport, 'asample', 'sample', { json: asked });
      return 'bytes' in result ? decodeSamples(result.bytes) : parsed(sampleResponse, 'asample', result.json);
    },
  };
}

/** A request by the number it is to be sent under. */
type Numbered = (number: number) => {
  readonly what: string;
  readonly submit: () => Promise<Submitted>;
  readonly transport: Transport;
};

/**
 * Numbers the requests of a model from 1. One is sent when the one before has been taken, so that a number is never lost: a
 * refused request leaves it to the next, as a hole would hold up a server for ever.
 */
function createSubmissions(): (numbered: Numbered) => Promise<Result> {
  let next = 1;
  let last: Promise<unknown> = Promise.resolve();
  return async (numbered) => {
    const sent = last.then(async () => {
      const asked = numbered(next);
      const first = await asked.submit();
      next++;
      return { ...asked, first };
    });
    last = sent.catch(() => undefined);
    const { transport, what, first, submit: again } = await sent;
    return resultOf(transport, what, first, again);
  };
}

async function submit(transport: Transport, path: string, body: Body): Promise<Submitted> {
  const reply = parsed(submitted, path, readJson(await transport.send('POST', path, body), path));
  return { requestId: reply.request_id, reply };
}

async function request(transport: Transport, path: string, what: string, body: Body): Promise<Result> {
  const again = () => submit(transport, path, body);
  return resultOf(transport, what, await again(), again);
}

function jsonOf(result: Result): unknown {
  if ('json' in result) return result.json;
  throw new Error('expected JSON, got a binary message');
}

function parsed<S extends z.ZodType>(schema: S, what: string, value: unknown): z.output<S> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  throw new Error(`${what}: the server's answer is not as it must be: ${path.join('.') || 'the body'}: ${message}`);
}
