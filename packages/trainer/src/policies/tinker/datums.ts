import ndarray from 'ndarray';
import type { Prompt } from '../../data/prompt.js';
import { encodePng } from '../../images/encode.js';
import { resizeForModel, type ImageProcessorConfig } from '../../models/qwen2.5-vl/image-processor.js';
import type { Matrix, Sequence } from '../policy.js';
import { splitAtImages, type Renderer } from './prompts.js';
import type { Chunk, Datum, ForwardBackwardOutput, ModelInput, TensorData } from './protocol/messages.js';

/** A prompt as servers take it, and how many positions it has. */
export interface RemotePrompt {
  readonly input: ModelInput;
  readonly length: number;
}

/** Turns a prompt into what servers take. */
export type PromptWriter = (prompt: Prompt) => Promise<RemotePrompt>;

/** Writes prompts, once per prompt object. */
export function createPromptWriter(
  renderer: Renderer,
  imageSettings: () => Promise<ImageProcessorConfig>,
): PromptWriter {
  const written = new WeakMap<Prompt, Promise<RemotePrompt>>();

  async function write(prompt: Prompt): Promise<RemotePrompt> {
    const chunks = await splitAtImages(prompt.messages, renderer, async (image): Promise<Chunk> => {
      const settings = await imageSettings();
      // at the size the model sees it, so that no server resizes it in a way of its own
      const resized = resizeForModel(image, settings);
      const side = settings.patchSize * settings.mergeSize;
      const expected_tokens = (resized.width / side) * (resized.height / side);
      return { type: 'image', data: await encodePng(resized), format: 'png', expected_tokens };
    });
    return { input: { chunks }, length: chunks.reduce((sum, chunk) => sum + positionsOf(chunk), 0) };
  }
  return (prompt) => {
    const known = written.get(prompt) ?? write(prompt);
    written.set(prompt, known);
    return known;
  };
}

const positionsOf = (chunk: Chunk): number =>
  chunk.type === 'image' ? (chunk.expected_tokens ?? 0) : chunk.tokens.length;

/** A prompt with a completion after it, all but `leftOut` of its last tokens. */
export function withCompletion({ chunks }: ModelInput, completion: readonly number[], leftOut: number): ModelInput {
  const tokens = completion.slice(0, completion.length - leftOut);
  const last = chunks.at(-1);
  if (tokens.length === 0) return { chunks };
  if (last?.type !== 'encoded_text') return { chunks: [...chunks, { type: 'encoded_text', tokens }] };
  return { chunks: [...chunks.slice(0, -1), { type: 'encoded_text', tokens: [...last.tokens, ...tokens] }] };
}

/**
 * A sequence as a loss takes it: each position predicts the next token, and the lists of numbers are 0 over the prompt.
 *
 * @param inputs - one number for each token of the completion
 */
export function datumOf(
  prompt: RemotePrompt,
  completion: readonly number[],
  inputs: Readonly<Record<string, readonly number[]>>,
): Datum {
  const zeros = new Array<number>(prompt.length - 1).fill(0);
  const list = (values: readonly number[], dtype: TensorData['dtype']): TensorData => {
    return { data: [...zeros, ...values], dtype, shape: [zeros.length + values.length] };
  };
  const numbers = Object.entries(inputs).map(([name, values]) => [name, list(values, 'float32')] as const);
  return {
    model_input: withCompletion(prompt.input, completion, 1),
    loss_fn_inputs: { target_tokens: list(completion, 'int64'), ...Object.fromEntries(numbers) },
  };
}

/** @returns [B, T] of the completions' tokens, 0 past a completion's end */
export function toMatrix(rows: readonly (readonly number[])[]): Matrix {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const data = new Float32Array(rows.length * columns);
  rows.forEach((row, i) => data.set(row, i * columns));
  return ndarray(data, [rows.length, columns]);
}

/** Log-probs of the completions' tokens in what a pass gave. */
export function completionLogprobs(output: ForwardBackwardOutput, sequences: readonly Sequence[]): number[][] {
  const { loss_fn_outputs: outputs } = output;
  if (outputs.length !== sequences.length)
    throw new Error(`forward_backward: expected ${sequences.length} outputs, got ${outputs.length}`);
  return sequences.map(({ completion }, i) => {
    const logprobs = outputs[i]!['logprobs']?.data;
    if (!logprobs || logprobs.length < completion.length)
      throw new Error(
        `forward_backward: expected at least ${completion.length} logprobs, got ${logprobs?.length ?? 'none'}`,
      );
    return logprobs.slice(logprobs.length - completion.length);
  });
}
