import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import {
  createModelRequest,
  type ForwardBackwardRequest,
  forwardBackwardJson,
  forwardJson,
  inputToJson,
  loadWeightsRequest,
  optimStepRequest,
  passToJson,
  sampleRequest,
} from '../../../src/policies/tinker/protocol/messages.js';
import {
  decodePass,
  decodePassOutput,
  decodeSamples,
  encodePass,
  encodePassOutput,
  encodeSamples,
} from '../../../src/policies/tinker/protocol/protobuf.js';
import { unpackNumbers } from '../../../src/policies/tinker/protocol/numbers.js';

const captures = JSON.parse(readFileSync(new URL('./captures.json', import.meta.url), 'utf8')) as Record<
  string,
  unknown
>;
const bytesOf = (name: string) => new Uint8Array(Buffer.from(captures[name] as string, 'base64'));

describe('recorded binary messages', () => {
  it('hold the pass that was sent', () => {
    const pass = decodePass(bytesOf('pass'));
    expect(pass).toMatchObject({ model_id: 'model_65bb6bf2', seq_id: 2, loss_fn: 'importance_sampling' });
    const [first] = pass.data;
    // 5 tokens of a prompt and 5 of the 6 that were drawn for it; the targets are the same, one further
    expect(first!.model_input.chunks).toEqual([
      { type: 'encoded_text', tokens: [40, 41, 42, 43, 44, 284, 117, 224, 213, 186] },
    ]);
    const { target_tokens, advantages, logprobs } = first!.loss_fn_inputs;
    expect(target_tokens!.data).toEqual([41, 42, 43, 44, 284, 117, 224, 213, 186, 242]);
    expect(advantages!.data).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    expect(logprobs!.data.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(logprobs!.data.at(-1)).toBe(decodeSamples(bytesOf('samples')).sequences[0]!.logprobs![5]);
  });

  it.each([
    ['pass', decodePass, encodePass],
    ['refusedPass', decodePass, encodePass],
    ['passOutput', decodePassOutput, encodePassOutput],
    ['samples', decodeSamples, encodeSamples],
    ['promptLogprobs', decodeSamples, encodeSamples],
  ] as const)('come out as they went in: %s', (name, read, write) => {
    const bytes = bytesOf(name);
    const again = (write as (value: unknown) => Uint8Array)(read(bytes));
    expect(sizes(again)).toEqual(sizes(bytes));
    expect(read(again)).toEqual(read(bytes));
  });

  it('hold one output for each datum', () => {
    const { loss_fn_outputs, metrics } = decodePassOutput(bytesOf('passOutput'));
    expect(loss_fn_outputs).toHaveLength(4);
    expect(Object.keys(loss_fn_outputs[0]!).sort()).toEqual(['elementwise_loss', 'logprobs']);
    expect(loss_fn_outputs[0]!['logprobs']!.data).toHaveLength(10);
    // on-policy, an advantage of 1: the loss is -1 up to the rounding of the log-probs
    expect(loss_fn_outputs[0]!['elementwise_loss']!.data[5]).toBeCloseTo(-1, 5);
    expect(metrics).toEqual(expect.any(Object));
  });

  it('hold log-probs of a prompt', () => {
    const { prompt_logprobs, sequences } = decodeSamples(bytesOf('promptLogprobs'));
    expect(prompt_logprobs).toHaveLength(10); // SkyRL on jax leaves out the first of 11
    expect(sequences[0]).toMatchObject({ stop_reason: 'length' });
  });
});

/** Maps may be written in any order, so that only the number of bytes of each value is told. */
const sizes = (bytes: Uint8Array) => [...bytes].sort((a, b) => a - b);

describe('recorded JSON', () => {
  it('passes the schemas', () => {
    expect(sampleRequest.parse(captures['asample'])).toMatchObject({ num_samples: 4, seq_id: 0 });
    expect(createModelRequest.parse(captures['createModel']).lora_config).toMatchObject({ rank: 4, seed: 1 });
    expect(optimStepRequest.parse(captures['optimStep']).adam_params).toMatchObject({ beta2: 0.95, eps: 1e-12 });
    expect(loadWeightsRequest.parse(captures['loadWeights'])).toMatchObject({ model_seq_id: 1, optimizer: true });
  });

  it('keeps pictures as they were', () => {
    const { prompt } = sampleRequest.parse(captures['asampleImage']);
    const picture = prompt.chunks[1]!;
    expect(picture).toMatchObject({ type: 'image', format: 'png', expected_tokens: 4 });
    expect(
      Buffer.from((picture as { data: Uint8Array }).data)
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    expect(inputToJson(prompt)).toEqual((captures['asampleImage'] as { prompt: unknown }).prompt);
  });
});

const pass: ForwardBackwardRequest = {
  model_id: 'm',
  seq_id: 3,
  data: [
    {
      model_input: {
        chunks: [
          { type: 'encoded_text', tokens: [1, 2] },
          { type: 'image', data: Uint8Array.of(0, 255, 7), format: 'png', expected_tokens: 4 },
        ],
      },
      loss_fn_inputs: {
        target_tokens: { data: [2, -100, 2 ** 40], dtype: 'int64', shape: [3] },
        weights: { data: [0, -0.5, 1e30], dtype: 'float32', shape: [3] },
      },
    },
  ],
  loss_fn: 'ppo',
  loss_fn_config: { clip_low_threshold: 0.8, name: 'text' },
  forward_only: true,
};

describe('a pass', () => {
  it('goes through bytes and back', () => {
    const { loss_fn_inputs, ...rest } = decodePass(encodePass(pass)).data[0]!;
    expect(rest).toEqual({ model_input: pass.data[0]!.model_input });
    expect(loss_fn_inputs['target_tokens']).toEqual(pass.data[0]!.loss_fn_inputs['target_tokens']);
    expect(loss_fn_inputs['weights']!.data).toEqual([0, -0.5, Math.fround(1e30)]);
    const { data, ...head } = decodePass(encodePass(pass));
    expect(head).toEqual({ ...pass, data: undefined });
    expect(data).toHaveLength(1);
  });

  it('goes through the JSON of older SDKs and back', () => {
    const forward = passToJson(pass);
    expect(forward.path).toBe('forward');
    expect(forwardJson.parse(JSON.parse(JSON.stringify(forward.body)))).toEqual(pass);
    const both = passToJson({ ...pass, forward_only: false });
    expect(both.path).toBe('forward_backward');
    expect(forwardBackwardJson.parse(JSON.parse(JSON.stringify(both.body)))).toEqual({ ...pass, forward_only: false });
  });

  it('is refused when it is damaged', () => {
    const bytes = encodePass(pass);
    expect(() => decodePass(bytes.subarray(0, bytes.length - 5))).toThrow();
    expect(() => unpackNumbers(Uint8Array.of(1, 2, 3), 'int32')).toThrow('3 bytes are no whole number of int32');
  });
});

it('tells the likeliest tokens of a prompt row by row', () => {
  const value = {
    sequences: [],
    prompt_logprobs: [null, -0.5],
    topk_prompt_logprobs: [null, [[7, -0.5] as [number, number], [9, -1] as [number, number]]],
  };
  expect(decodeSamples(encodeSamples(value))).toEqual(value);
});
