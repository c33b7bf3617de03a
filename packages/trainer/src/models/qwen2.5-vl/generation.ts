import * as tf from '@tensorflow/tfjs';
import { roundLength } from '../round-length.js';
import { free } from '../tidy.js';
import { rotaryTable } from '../layers/rotary.js';
import { packSequences, type EncodedPrompt } from './batch.js';
import { uploadBatch } from './batch-tensors.js';
import { beginDecoding, decodeOn, type DecodePlan, type DecodeState } from './decode-loop.js';
import { languageWeights } from './language-weights.js';
import type { Qwen25Vl } from './model.js';
import { paddingMask, type PackedLayout } from './packed-layout.js';
import { mropeAngles } from './rope.js';
import type { DrawOptions } from './sampling.js';

/** How many completions to sample, how long, and how tokens are drawn. */
export interface GenerationOptions extends DrawOptions {
  readonly groupSize: number;
  readonly maxTokens: number;
  /** Tokens that end a completion; the one drawn is kept. */
  readonly stopTokens: ReadonlySet<number>;
  /** Random numbers of one completion, so that what it draws does not depend on its neighbours. */
  readonly random: (prompt: number, completion: number) => () => number;
  /** The length that prompts are padded to. @defaultValue {@link roundLength} */
  readonly round?: ((length: number) => number) | undefined;
  /** Told every so many tokens of those that are there, and waited for; what it throws ends the sampling. */
  readonly watch?: Watch | undefined;
}

/** Looks at completions while they are drawn. */
export interface Watch {
  /** Tokens between two looks. */
  readonly every: number;
  /** @param soFar - [prompt][completion] */
  readonly onTokens: (soFar: readonly (readonly DrawnSoFar[])[]) => Promise<void>;
}

/** What is there of a completion. */
export type DrawnSoFar = Pick<Generated, 'tokens' | 'logprobs'>;

/** One sampled completion. */
export interface Generated {
  /** The stop token included, when there was one. */
  readonly tokens: number[];
  /** Of each token, under the distribution it was drawn from. */
  readonly logprobs: number[];
  readonly finishReason: 'stop' | 'length';
}

/** Completion tokens the cache starts with room for. It doubles: few sizes are ever allocated or compiled. */
const FIRST_CAPACITY = 64;

/**
 * Samples a group of completions per prompt, all in one batch: each prompt is computed once, its keys and values serve
 * the whole group. Tokens are drawn where the model is; the host reads them once.
 *
 * @param images - [image tokens, D], in the order of the prompts; the caller's
 * @returns [prompt][completion]
 */
export async function generate(
  prompts: readonly EncodedPrompt[],
  images: tf.Tensor2D,
  model: Qwen25Vl,
  options: GenerationOptions,
): Promise<Generated[][]> {
  const { groupSize, maxTokens, round = roundLength, watch } = options;
  // A copy of each prompt, so that the same one given twice is two prompts here; and one token to be predicted.
  const sequences = prompts.map((prompt) => ({ prompt: { ...prompt }, completion: [0] }));
  const batch = packSequences(sequences, model.config, round);
  const uploaded = uploadBatch(batch, model.config);
  const plan = planOf({ ...batch.layout, groupSize }, batch.promptLengths, prompts, model, options);
  const weights = languageWeights(model);
  const used: unknown[] = [uploaded, plan];
  try {
    const { state: first, ...prepared } = await beginDecoding.async(uploaded, images, weights, plan);
    used.push(first, prepared);
    let state = first;
    let room = 0;
    for (let done = 0; done < maxTokens - 1;) {
      await watch?.onTokens(await readCompletions(state, prompts.length, options, done + 1));
      if (done === room) room = Math.min(room * 2 || FIRST_CAPACITY, maxTokens - 1);
      done = Math.min(done + (watch?.every ?? Infinity), room);
      const until = tf.scalar(done, 'int32');
      const next = await decodeOn.async(state, prepared, room, until, weights, plan);
      used.push(next, until);
      free(state);
      state = next;
      if ((await state.finished.data()).every(Boolean)) break;
    }
    return await readCompletions(state, prompts.length, options, maxTokens);
  } finally {
    free(used);
  }
}

/** Each completion's tokens up to its first stop token, of the `drawn` that there are. */
async function readCompletions(
  state: DecodeState,
  prompts: number,
  { groupSize, maxTokens, stopTokens }: GenerationOptions,
  drawn: number,
): Promise<Generated[][]> {
  const tokens = (await state.tokens.data()) as Int32Array;
  const logprobs = (await state.logprobs.data()) as Float32Array;
  const completion = (index: number): Generated => {
    const first = index * maxTokens;
    const row = [...tokens.subarray(first, first + drawn)];
    const stop = row.findIndex((token) => stopTokens.has(token));
    const length = stop < 0 ? drawn : stop + 1;
    return {
      tokens: row.slice(0, length),
      logprobs: [...logprobs.subarray(first, first + length)],
      finishReason: stop < 0 ? 'length' : 'stop',
    };
  };
  return Array.from({ length: prompts }, (_, p) =>
    Array.from({ length: groupSize }, (_, g) => completion(p * groupSize + g)),
  );
}

function planOf(
  layout: PackedLayout,
  promptLengths: readonly number[],
  prompts: readonly EncodedPrompt[],
  { config: { text } }: Qwen25Vl,
  options: GenerationOptions,
): DecodePlan {
  const { groupSize, maxTokens, temperature, topK, topP, suppressed } = options;
  const rows = prompts.length * groupSize;
  const uniforms = new Float32Array(maxTokens * rows);
  for (let row = 0; temperature > 0 && row < rows; row++) {
    const random = options.random(Math.floor(row / groupSize), row % groupSize);
    for (let token = 0; token < maxTokens; token++) uniforms[token * rows + row] = random();
  }
  const positions = Int32Array.from({ length: maxTokens * prompts.length }, (_, i) => {
    const { inputIds, ropeDelta } = prompts[i % prompts.length]!;
    return inputIds.length + ropeDelta + Math.floor(i / prompts.length);
  });
  const padded = tf.getBackend() === 'tensorflow' || promptLengths.some((length) => length < layout.promptLength);
  return {
    layout,
    draw: { temperature, topK, topP, suppressed, stopTokens: [...options.stopTokens] },
    uniforms: tf.tensor2d(uniforms, [maxTokens, rows]),
    rotary: rotaryTable(mropeAngles([positions, positions, positions], text), text.headDim),
    ...(padded && { padding: paddingMask(promptLengths, prompts.length, layout.promptLength) }),
  };
}
