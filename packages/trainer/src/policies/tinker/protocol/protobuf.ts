import protobuf from 'protobufjs';
import { packNumbers, unpackNumbers, type NumberKind } from './numbers.js';
import type {
  Chunk,
  Datum,
  ForwardBackwardOutput,
  ForwardBackwardRequest,
  SampleResponse,
  TensorData,
} from './messages.js';
import { TINKER_PROTO } from './proto.js';

const { root } = protobuf.parse(TINKER_PROTO, { keepCase: true });
const PASS_REQUEST = root.lookupType('ForwardBackwardRequest');
const PASS_OUTPUT = root.lookupType('ForwardBackwardOutput');
const SAMPLE_RESPONSE = root.lookupType('SampleResponse');

/** The content type of binary messages. */
export const PROTOBUF = 'application/x-protobuf';

const encode = (type: protobuf.Type, value: object): Uint8Array => type.encode(type.fromObject(value)).finish();
const decode = (type: protobuf.Type, bytes: Uint8Array): unknown =>
  type.toObject(type.decode(bytes), { longs: Number, enums: String, arrays: true, objects: true });

interface WireTensor {
  readonly dense?: Uint8Array;
  readonly dtype?: string;
  readonly shape?: readonly number[];
}
interface WireChunk {
  readonly encoded_text?: { readonly tokens?: Uint8Array };
  readonly image?: { readonly data?: Uint8Array; readonly format?: string; readonly expected_tokens?: number };
}
interface WireDatum {
  readonly model_input: readonly WireChunk[];
  readonly loss_fn_inputs: Readonly<Record<string, WireTensor>>;
}
interface WirePass {
  readonly model_id?: string;
  readonly seq_id?: number;
  readonly data: readonly WireDatum[];
  readonly loss_fn?: string;
  readonly loss_fn_config: Readonly<Record<string, number>>;
  readonly loss_fn_config_v2: Readonly<Record<string, { readonly number?: number; readonly text?: string }>>;
  readonly forward_only?: boolean;
}
interface WireBatch {
  readonly data?: Uint8Array;
  readonly offsets?: Uint8Array;
  readonly dtype?: string;
}
interface WireOutput {
  readonly loss_fn_output_type?: string;
  readonly loss_fn_outputs: readonly {
    readonly fields: Readonly<Record<string, WireBatch>>;
    readonly num_datums?: number;
  }[];
  readonly metrics: Readonly<Record<string, number>>;
}
interface WireSamples {
  readonly sequences: readonly {
    readonly stop_reason?: string;
    readonly tokens?: Uint8Array;
    readonly logprobs?: Uint8Array;
  }[];
  readonly prompt_logprobs?: Uint8Array;
  readonly topk_prompt_logprobs?: {
    readonly token_ids?: Uint8Array;
    readonly logprobs?: Uint8Array;
    readonly k?: number;
  };
}

const EMPTY = new Uint8Array();
const mapValues = <A, B>(of: Readonly<Record<string, A>>, to: (value: A, key: string) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, to(value, key)]));

/** The request of a pass. */
export function encodePass(request: ForwardBackwardRequest): Uint8Array {
  const { data, loss_fn_config, seq_id, ...rest } = request;
  const config = loss_fn_config ?? {};
  const numbers = Object.entries(config).filter(([, value]) => typeof value === 'number');
  const texts = Object.entries(config).filter(([, value]) => typeof value === 'string');
  return encode(PASS_REQUEST, {
    ...rest,
    ...(seq_id != null && { seq_id }),
    data: data.map(({ model_input, loss_fn_inputs }) => ({
      model_input: model_input.chunks.map(chunkToWire),
      loss_fn_inputs: mapValues(loss_fn_inputs, tensorToWire),
    })),
    loss_fn_config: Object.fromEntries(numbers),
    loss_fn_config_v2: Object.fromEntries(texts.map(([key, text]) => [key, { text }])),
  });
}

/** @throws Error when the bytes are no such message, or hold what is not understood here: sound, sparse tensors. */
export function decodePass(bytes: Uint8Array): ForwardBackwardRequest {
  const wire = decode(PASS_REQUEST, bytes) as WirePass;
  const { model_id = '', seq_id, loss_fn = '', forward_only = false } = wire;
  const newer = mapValues(wire.loss_fn_config_v2, ({ number, text }) => number ?? text ?? 0);
  return {
    model_id,
    seq_id: seq_id ?? null,
    data: wire.data.map(datumFromWire),
    loss_fn,
    loss_fn_config: { ...wire.loss_fn_config, ...newer },
    forward_only,
  };
}

const chunkToWire = (chunk: Chunk): WireChunk => {
  if (chunk.type === 'encoded_text') return { encoded_text: { tokens: packNumbers(chunk.tokens, 'int32') } };
  const { data, format, expected_tokens } = chunk;
  return { image: { data, format, ...(expected_tokens != null && { expected_tokens }) } };
};

const tensorToWire = ({ data, dtype, shape }: TensorData): WireTensor => ({
  dense: packNumbers(data, dtype),
  dtype: `DTYPE_${dtype.toUpperCase()}`,
  shape: shape ?? [data.length],
});

const datumFromWire = ({ model_input, loss_fn_inputs }: WireDatum): Datum => ({
  model_input: { chunks: model_input.map(chunkFromWire) },
  loss_fn_inputs: mapValues(loss_fn_inputs, (tensor, name): TensorData => {
    if (tensor.dense === undefined) throw new Error(`loss_fn_inputs.${name}: expected a dense tensor`);
    const kind = kindOf(tensor.dtype);
    const data = unpackNumbers(tensor.dense, kind);
    return { data, dtype: kind === 'float32' ? 'float32' : 'int64', shape: [...(tensor.shape ?? [])] };
  }),
});

function chunkFromWire({ encoded_text, image }: WireChunk): Chunk {
  if (encoded_text) return { type: 'encoded_text', tokens: unpackNumbers(encoded_text.tokens ?? EMPTY, 'int32') };
  if (!image) throw new Error('model_input: expected chunks of text or images');
  const { data = EMPTY, format, expected_tokens } = image;
  if (format !== 'png' && format !== 'jpeg') throw new Error(`image: expected format png or jpeg, got '${format}'`);
  return { type: 'image', data, format, ...(expected_tokens !== undefined && { expected_tokens }) };
}

function kindOf(dtype = 'DTYPE_UNSPECIFIED'): NumberKind {
  const kind = dtype.slice('DTYPE_'.length).toLowerCase();
  if (kind === 'float32' || kind === 'int32' || kind === 'int64') return kind;
  throw new Error(`expected numbers of type float32, int32 or int64, got ${kind}`);
}

/** The result of a pass. */
export function encodePassOutput(output: ForwardBackwardOutput): Uint8Array {
  const { loss_fn_outputs: outputs, ...rest } = output;
  const names = Object.keys(outputs[0] ?? {});
  const batch = (name: string) => {
    const parts = outputs.map((one) => packNumbers(one[name]!.data, one[name]!.dtype));
    const offsets = [0];
    for (const { length } of parts) offsets.push(offsets.at(-1)! + length);
    const dtype = `DTYPE_${(outputs[0]![name]!.dtype as string).toUpperCase()}`;
    return { data: Buffer.concat(parts), offsets: packNumbers(offsets, 'int64'), dtype };
  };
  const fields = Object.fromEntries(names.map((name) => [name, batch(name)]));
  return encode(PASS_OUTPUT, { ...rest, loss_fn_outputs: [{ fields, num_datums: outputs.length }] });
}

/** @throws Error when the bytes are no such message. */
export function decodePassOutput(bytes: Uint8Array): ForwardBackwardOutput {
  const { loss_fn_output_type = '', loss_fn_outputs, metrics } = decode(PASS_OUTPUT, bytes) as WireOutput;
  return { loss_fn_output_type, loss_fn_outputs: loss_fn_outputs.flatMap(recordFromWire), metrics };
}

function recordFromWire({
  fields,
  num_datums = 0,
}: WireOutput['loss_fn_outputs'][number]): Record<string, TensorData>[] {
  const columns = mapValues(fields, ({ data = EMPTY, offsets = EMPTY, dtype }): TensorData[] => {
    const kind = kindOf(dtype);
    const places = unpackNumbers(offsets, 'int64');
    return places.slice(0, -1).map((from, i) => {
      const part = unpackNumbers(data.subarray(from, places[i + 1]), kind);
      return { data: part, dtype: kind === 'float32' ? 'float32' : 'int64' };
    });
  });
  return Array.from({ length: num_datums }, (_, i) => mapValues(columns, (column) => column[i]!));
}

/** The result of sampling. */
export function encodeSamples({ sequences, prompt_logprobs, topk_prompt_logprobs }: SampleResponse): Uint8Array {
  return encode(SAMPLE_RESPONSE, {
    sequences: sequences.map(({ tokens, logprobs, stop_reason }) => ({
      stop_reason: `STOP_REASON_${stop_reason.toUpperCase()}`,
      tokens: packNumbers(tokens, 'int32'),
      ...(logprobs && { logprobs: packNumbers(logprobs, 'float32') }),
    })),
    ...(prompt_logprobs && { prompt_logprobs: packNumbers(orNaN(prompt_logprobs), 'float32') }),
    ...(topk_prompt_logprobs && { topk_prompt_logprobs: topkToWire(topk_prompt_logprobs) }),
  });
}

const orNaN = (values: readonly (number | null)[]): number[] => values.map((value) => value ?? NaN);

/** What SDKs take for an empty cell. */
const NONE = [0, -99999] as const;

function topkToWire(rows: NonNullable<SampleResponse['topk_prompt_logprobs']>) {
  const k = Math.max(0, ...rows.map((row) => row?.length ?? 0));
  const cells = rows.flatMap((row) => Array.from({ length: k }, (_, i) => row?.[i] ?? NONE));
  return {
    token_ids: packNumbers(cells.map(([id]) => id), 'int32'), // prettier-ignore
    logprobs: packNumbers(cells.map(([, logprob]) => logprob), 'float32'), // prettier-ignore
    k,
    length: rows.length,
  };
}

/** @throws Error when the bytes are no such message. */
export function decodeSamples(bytes: Uint8Array): SampleResponse {
  const { sequences, prompt_logprobs, topk_prompt_logprobs: topk } = decode(SAMPLE_RESPONSE, bytes) as WireSamples;
  return {
    sequences: sequences.map(({ stop_reason, tokens = EMPTY, logprobs }) => ({
      tokens: unpackNumbers(tokens, 'int32'),
      logprobs: logprobs ? unpackNumbers(logprobs, 'float32') : null,
      stop_reason: stop_reason === 'STOP_REASON_LENGTH' ? 'length' : 'stop',
    })),
    prompt_logprobs: prompt_logprobs
      ? unpackNumbers(prompt_logprobs, 'float32').map((value) => (Number.isNaN(value) ? null : value))
      : null,
    topk_prompt_logprobs: topk ? topkFromWire(topk) : null,
  };
}

function topkFromWire({
  token_ids = EMPTY,
  logprobs = EMPTY,
  k = 0,
}: NonNullable<WireSamples['topk_prompt_logprobs']>) {
  const ids = unpackNumbers(token_ids, 'int32');
  const values = unpackNumbers(logprobs, 'float32');
  return Array.from({ length: k === 0 ? 0 : ids.length / k }, (_, row) => {
    const cells = Array.from({ length: k }, (_, i): [number, number] => [ids[row * k + i]!, values[row * k + i]!]);
    const there = cells.filter(([, logprob]) => logprob > NONE[1]);
    return there.length === 0 ? null : there;
  });
}
