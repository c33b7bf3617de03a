import { rethrow } from './lost.js';
import { inputToJson, sampleResponse, type SampleRequest, type SampleResponse } from './protocol/messages.js';
import { decodeSamples } from './protocol/protobuf.js';
import { parsed, request } from './requests.js';
import type { Transport } from './transport.js';

/** Weights that are sampled from. */
export interface RemoteSampler {
  /** @throws {PolicyLost} when the server no longer has them */
  sample(asked: Omit<SampleRequest, 'sampling_session_id' | 'seq_id'>): Promise<SampleResponse>;
}

/** What a sampling session of a server samples from. */
export function remoteSampler(transport: Transport, sampling_session_id: string): RemoteSampler {
  let count = 0;
  return {
    sample: async ({ prompt, ...rest }) => {
      const asked = { ...rest, prompt: inputToJson(prompt), sampling_session_id, seq_id: count++, type: 'sample' };
      const result = await request(transport, 'asample', 'sample', asked).catch(rethrow);
      return 'bytes' in result ? decodeSamples(result.bytes) : parsed(sampleResponse, 'asample', result.json);
    },
  };
}
