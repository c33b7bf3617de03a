import { z } from 'zod';
import type { NamedLoss } from '../policy.js';
import type { Result } from './futures.js';
import { rethrow } from './lost.js';
import {
  forwardBackwardOutput,
  passToJson,
  type AdamParams,
  type Datum,
  type ForwardBackwardOutput,
} from './protocol/messages.js';
import { decodePassOutput, encodePass, PROTOBUF } from './protocol/protobuf.js';
import { remoteSampler, type RemoteSampler } from './remote-sampler.js';
import { createSubmissions, jsonOf, parsed, request, type Numbered } from './requests.js';
import type { Transport } from './transport.js';

/**
 * A model that is trained on a server. Requests are taken in the order in which they are made; none waits for the result of
 * another. All of them reject with {@link PolicyLost} when the server no longer has the model.
 */
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

/** How passes are sent. */
export type Encoding = 'protobuf' | 'json';

const savedPath = z.looseObject({ path: z.string() });
const samplingSession = z.looseObject({ sampling_session_id: z.string() });
const stepMetrics = z.looseObject({ metrics: z.record(z.string(), z.number()).nullish() });

/**
 * A model that a server has made.
 *
 * @param samplingNumber - the session's next number of what is sampled from
 */
export function remoteModel(
  transport: Transport,
  model_id: string,
  encoding: Encoding,
  samplingNumber: () => number,
): RemoteModel {
  const enqueue = createSubmissions(transport);
  const ask = (what: string, numbered: Numbered): Promise<Result> => enqueue(what, numbered).catch(rethrow);
  const json =
    (path: string, content: object): Numbered =>
    (seq_id) => ({ path, body: { json: { model_id, ...content, seq_id, type: path } } });
  const askJson = async (path: string, content: object) => jsonOf(await ask(path, json(path, content)));

  return {
    id: model_id,
    pass: async (data, { name: loss_fn, config = null }, direction) => {
      const forward_only = direction === 'forward';
      const result = await ask('forward_backward', (seq_id) => {
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
      parsed(stepMetrics, 'optim_step', await askJson('optim_step', { adam_params })).metrics ?? {},
    snapshot: async () => {
      const content = { sampling_session_seq_id: samplingNumber(), kind: 'snapshot' };
      const answer = await askJson('save_weights_for_sampler', content);
      return remoteSampler(transport, parsed(samplingSession, 'save_weights_for_sampler', answer).sampling_session_id);
    },
    save: async (path) => parsed(savedPath, 'save_weights', await askJson('save_weights', { path })).path,
    load: async (path) => {
      // what a server does not know here is the checkpoint, not the model it has just made
      await enqueue('load_weights', json('load_weights', { path, optimizer: true }));
    },
    unload: async () => {
      await request(transport, 'unload_model', 'unload_model', { model_id, type: 'unload_model' });
    },
  };
}
