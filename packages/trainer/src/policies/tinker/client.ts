import { z } from 'zod';
import { readJson } from './futures.js';
import { rethrow } from './lost.js';
import { remoteModel, type Encoding, type RemoteModel } from './remote-model.js';
import { remoteSampler, type RemoteSampler } from './remote-sampler.js';
import { jsonOf, parsed, request } from './requests.js';
import { createTransport, type TransportOptions } from './transport.js';

/** Options of {@link openTinker}. */
export interface TinkerOptions extends TransportOptions {
  /** How passes are sent; servers before SDK 0.25 take JSON alone. @defaultValue 'protobuf' */
  readonly encoding?: Encoding | undefined;
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
const madeModel = z.looseObject({ model_id: z.string() });
const samplingSession = z.looseObject({ sampling_session_id: z.string() });

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
      const path = 'get_server_capabilities';
      const answer = parsed(capabilities, path, readJson(await transport.send('GET', path), path));
      return answer.supported_models.flatMap(({ model_name: name }) => name ?? []);
    },
    createModel: async (base_model, lora) => {
      const lora_config = { ...lora, train_unembed: false, train_mlp: true, train_attn: true };
      const asked = { session_id, model_seq_id: modelCount++, base_model, lora_config, type: 'create_model' };
      const result = await request(transport, 'create_model', 'create_model', asked);
      const { model_id } = parsed(madeModel, 'create_model', jsonOf(result));
      return remoteModel(transport, model_id, options.encoding ?? 'protobuf', () => samplingCount++);
    },
    baseSampler: async (base_model) => {
      const number = samplingCount++;
      const asked = { session_id, sampling_session_seq_id: number, base_model, type: 'create_sampling_session' };
      const { sampling_session_id } = await ask(samplingSession, 'create_sampling_session', asked).catch(rethrow);
      return remoteSampler(transport, sampling_session_id);
    },
    close: () => {
      clearInterval(beat);
      transport.close();
    },
  };
}
