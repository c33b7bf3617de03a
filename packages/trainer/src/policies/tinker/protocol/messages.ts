import { z } from 'zod';

/**
 * The messages of the Tinker protocol as they stand in JSON, by the names of the wire. Read from the Python SDK `tinker`
 * 0.25 and 0.38 (Apache-2.0). Requests are checked by these schemas; fields that are not here are passed over, as newer
 * SDKs add them freely.
 */

const base64 = z.codec(z.string(), z.instanceof(Uint8Array<ArrayBufferLike>), {
  decode: (text) => new Uint8Array(Buffer.from(text, 'base64')),
  encode: (bytes) => Buffer.from(bytes).toString('base64'),
});
const token = z.int().min(0).max(0x7fff_ffff);
const sequenceId = z.int().min(0).nullish();

const encodedText = z.object({ type: z.literal('encoded_text').default('encoded_text'), tokens: z.array(token) });
const image = z.object({
  type: z.literal('image'),
  data: base64,
  format: z.enum(['png', 'jpeg']),
  /** How many positions of the sequence the picture takes. A server refuses a number that is not its own. */
  expected_tokens: z.int().nullish(),
});

/** Runs of tokens and pictures, one after the other. A picture stands for its tokens alone, without start and end marks. */
export const modelInput = z.object({ chunks: z.array(z.union([image, encodedText])) });

/** A flat list of numbers. */
export const tensorData = z.object({
  data: z.array(z.number()),
  dtype: z.enum(['float32', 'int64']),
  shape: z.array(z.int()).nullish(),
});

/** A sequence with what a loss needs of it. Target i is what input i is to predict: the caller does the shifting. */
export const datum = z.object({ model_input: modelInput, loss_fn_inputs: z.record(z.string(), tensorData) });

const lossConfig = z.record(z.string(), z.union([z.number(), z.string()])).nullish();
const lossInput = z.object({ data: z.array(datum), loss_fn: z.string(), loss_fn_config: lossConfig });

/** One pass over some data; `forward_only` leaves the gradients as they are. */
export const forwardBackwardRequest = z.object({
  model_id: z.string(),
  seq_id: sequenceId,
  ...lossInput.shape,
  forward_only: z.boolean().default(false),
});

/** The same as SDKs before 0.25 send it. */
export const forwardBackwardJson = z
  .object({ model_id: z.string(), seq_id: sequenceId, forward_backward_input: lossInput })
  .transform(({ forward_backward_input: input, ...ids }) => ({ ...ids, ...input, forward_only: false }));

/** A forward pass as SDKs before 0.25 ask for it. */
export const forwardJson = z
  .object({ model_id: z.string(), seq_id: sequenceId, forward_input: lossInput })
  .transform(({ forward_input: input, ...ids }) => ({ ...ids, ...input, forward_only: true }));

export const heartbeatRequest = z.object({ session_id: z.string() });

export const createModelRequest = z.object({
  session_id: z.string(),
  model_seq_id: z.int().min(0),
  base_model: z.string(),
  lora_config: z
    .object({
      rank: z.int(),
      seed: z.int().nullish(),
      train_mlp: z.boolean().nullish(),
      train_attn: z.boolean().nullish(),
    })
    .nullish(),
});

export const modelRequest = z.object({ model_id: z.string() });

export const optimStepRequest = z.object({
  model_id: z.string(),
  seq_id: sequenceId,
  adam_params: z.object({
    learning_rate: z.number().min(0).default(1e-4),
    beta1: z.number().min(0).lt(1).default(0.9),
    beta2: z.number().min(0).lt(1).default(0.95),
    eps: z.number().positive().default(1e-12),
    weight_decay: z.number().min(0).default(0),
    /** 0 turns clipping off. */
    grad_clip_norm: z.number().min(0).default(0),
  }),
});

/** With a path: a checkpoint. Without: a snapshot, whose sampling session is answered. */
export const saveForSamplerRequest = z.object({
  model_id: z.string(),
  seq_id: sequenceId,
  path: z.string().nullish(),
  sampling_session_seq_id: z.int().min(0).nullish(),
});

export const createSamplingSessionRequest = z.object({
  session_id: z.string(),
  sampling_session_seq_id: z.int().min(0),
  base_model: z.string().nullish(),
  model_path: z.string().nullish(),
});

export const sampleRequest = z.object({
  num_samples: z.int().min(1).default(1),
  prompt: modelInput,
  sampling_params: z.object({
    max_tokens: z.int().min(1).nullish(),
    seed: z.int().nullish(),
    stop: z.union([z.string(), z.array(z.string()), z.array(token)]).nullish(),
    temperature: z.number().min(0).default(1),
    top_k: z.int().default(-1),
    top_p: z.number().positive().max(1).default(1),
  }),
  sampling_session_id: z.string().nullish(),
  seq_id: sequenceId,
  base_model: z.string().nullish(),
  model_path: z.string().nullish(),
  prompt_logprobs: z.boolean().nullish(),
  topk_prompt_logprobs: z.int().min(0).nullish(),
});

export const saveWeightsRequest = z.object({
  model_id: z.string(),
  seq_id: sequenceId,
  path: z.string(),
  overwrite: z.boolean().nullish(),
});

/** SDKs since 0.26 name the model to be made by session and number instead of one that is there. */
export const loadWeightsRequest = z.object({
  model_id: z.string().nullish(),
  session_id: z.string().nullish(),
  model_seq_id: z.int().min(0).nullish(),
  seq_id: sequenceId,
  path: z.string(),
  optimizer: z.boolean().default(false),
});

export const checkpointRequest = z.object({ tinker_path: z.string() });

export const retrieveFutureRequest = z.object({ request_id: z.string() });

/** What a forward pass gives for each datum. */
export const forwardBackwardOutput = z.object({
  loss_fn_output_type: z.string().default('scalar'),
  loss_fn_outputs: z.array(z.record(z.string(), tensorData)),
  metrics: z.record(z.string(), z.number()).default({}),
});

export const sampleResponse = z.object({
  sequences: z.array(
    z.object({
      tokens: z.array(token),
      logprobs: z.array(z.number()).nullish(),
      stop_reason: z.enum(['stop', 'length']),
    }),
  ),
  /** One for each position of the prompt; none where it is not defined, as for the first. */
  prompt_logprobs: z.array(z.number().nullable()).nullish(),
  /** The likeliest tokens at each position, likeliest first. */
  topk_prompt_logprobs: z.array(z.array(z.tuple([z.int(), z.number()])).nullable()).nullish(),
});

export type Chunk = z.output<typeof image> | z.output<typeof encodedText>;
export type ModelInput = z.output<typeof modelInput>;
export type TensorData = z.output<typeof tensorData>;
export type Datum = z.output<typeof datum>;
export type ForwardBackwardRequest = z.output<typeof forwardBackwardRequest>;
export type ForwardBackwardOutput = z.output<typeof forwardBackwardOutput>;
export type SampleRequest = z.output<typeof sampleRequest>;
export type SampleResponse = z.output<typeof sampleResponse>;
export type AdamParams = z.output<typeof optimStepRequest>['adam_params'];

/** A model input as JSON holds it: pictures in base64. */
export const inputToJson = (input: ModelInput): unknown => z.encode(modelInput, input);

/** A pass as SDKs before 0.25 send it, with the address it goes to. */
export function passToJson(request: ForwardBackwardRequest): { readonly path: string; readonly body: unknown } {
  const { model_id, seq_id, data, loss_fn, loss_fn_config, forward_only } = request;
  const input = { data: data.map((one) => z.encode(datum, one)), loss_fn, loss_fn_config };
  if (forward_only) return { path: 'forward', body: { model_id, seq_id, forward_input: input } };
  return { path: 'forward_backward', body: { model_id, seq_id, forward_backward_input: input } };
}
