import { compile, whileLoop, writeSlice } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import { free, tidy } from '../tidy.js';
import { rotaryTable, type RotaryTable } from '../layers/rotary.js';
import { packSequences, type EncodedPrompt } from './batch.js';
import { uploadBatch, type BatchTensors } from './batch-tensors.js';
import { decodeStep, futureMask, tailCache, type PromptCache, type TailCache } from './decode.js';
import {
  languageWeights,
  mergeMatrices,
  withMerged,
  type LanguageWeights,
  type MergedMatrices,
} from './language-weights.js';
import type { Qwen25Vl } from './model.js';
import { paddingMask, type PackedLayout } from './packed-layout.js';
import { prefill } from './prefill.js';
import { mropeAngles } from './rope.js';
import { drawTokens, type DrawOptions } from './sampling.js';

/** How many completions to sample, how long, and how tokens are drawn. */
export interface GenerationOptions extends DrawOptions {
  readonly groupSize: number;
  readonly maxTokens: number;
  /** Tokens that end a completion; the one drawn is kept. */
  readonly stopTokens: ReadonlySet<number>;
  /** Random numbers of one completion, so that what it draws does not depend on its neighbours. */
  readonly random: (prompt: number, completion: number) => () => number;
  /** Makes prompts longer, so that fewer shapes come about. */
  readonly round?: (length: number) => number;
}

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
  const { groupSize, maxTokens, round } = options;
  // A copy of each prompt, so that the same one given twice is two prompts here; and one token to be predicted.
  const sequences = prompts.map((prompt) => ({ prompt: { ...prompt }, completion: [0] }));
  const batch = packSequences(sequences, model.config, round);
  const uploaded = uploadBatch(batch, model.config);
  const plan = planOf({ ...batch.layout, groupSize }, batch.promptLengths, prompts, model, options);
  const weights = languageWeights(model);
  const { state: first, ...prepared } = await begin.async(uploaded, images, weights, plan);
  let state = first;
  for (let room = 0; room < maxTokens - 1;) {
    room = Math.min(room * 2 || FIRST_CAPACITY, maxTokens - 1);
    const next = await decode.async(state, prepared, room, weights, plan);
    free(state);
    state = next;
    if ((await state.finished.data()).every(Boolean)) break;
  }
  const tokens = (await state.tokens.data()) as Int32Array;
  const logprobs = (await state.logprobs.data()) as Float32Array;
  free(uploaded, plan, state, prepared);
  return prompts.map((_, p) =>
    Array.from({ length: groupSize }, (_, g) => {
      const first = (p * groupSize + g) * maxTokens;
      const row = [...tokens.subarray(first, first + maxTokens)];
      const end = row.findIndex((token) => options.stopTokens.has(token));
      const length = end < 0 ? maxTokens : end + 1;
      return {
        tokens: row.slice(0, length),
        logprobs: [...logprobs.subarray(first, first + length)],
        finishReason: end < 0 ? 'length' : 'stop',
      };
    }),
  );
}

/** What stays the same over all steps. The caller disposes its tensors. */
interface Plan {
  readonly layout: PackedLayout;
  readonly draw: DrawOptions & { readonly stopTokens: readonly number[] };
  /** [maxTokens, P·G] what the draws follow from. */
  readonly uniforms: tf.Tensor2D;
  /** Of each prompt's completion tokens, [maxTokens · P, 1, headDim]. */
  readonly rotary: RotaryTable;
  /** [P, 1, S], when prompts differ in length. */
  readonly padding?: tf.Tensor3D;
}

function planOf(
  layout: PackedLayout,
  promptLengths: readonly number[],
  prompts: readonly EncodedPrompt[],
  { config: { text } }: Qwen25Vl,
  options: GenerationOptions,
): Plan {
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
  const padded = options.round !== undefined || promptLengths.some((length) => length < layout.promptLength);
  return {
    layout,
    draw: { temperature, topK, topP, suppressed, stopTokens: [...options.stopTokens] },
    uniforms: tf.tensor2d(uniforms, [maxTokens, rows]),
    rotary: rotaryTable(mropeAngles([positions, positions, positions], text), text.headDim),
    ...(padded && { padding: paddingMask(promptLengths, prompts.length, layout.promptLength) }),
  };
}

/** Where the completions are. All of its tensors go round in one loop on the device. */
interface DecodeState {
  /** How many tokens each completion has. */
  readonly step: tf.Scalar;
  /** [P·G] the latest. */
  readonly ids: tf.Tensor1D;
  /** [P·G] those that have drawn a stop token; what they draw after it is not looked at. */
  readonly finished: tf.Tensor1D;
  /** [P·G, maxTokens] */
  readonly tokens: tf.Tensor2D;
  readonly logprobs: tf.Tensor2D;
  readonly tails: readonly TailCache[];
}

/** What the prompts' pass leaves for decoding. */
interface Prepared {
  readonly caches: readonly PromptCache[];
  readonly merged?: MergedMatrices;
}

/** The prompts' pass, and the first token of each completion. */
const begin = compile(
  (batch: BatchTensors, images: tf.Tensor2D, weights: LanguageWeights, plan: Plan) =>
    tidy((): Prepared & { readonly state: DecodeState } => {
      const merged = mergeMatrices(weights);
      const { logits, caches } = prefill(batch, images, withMerged(weights, merged));
      const [maxTokens, rows] = plan.uniforms.shape;
      const start: DecodeState = {
        step: tf.scalar(0, 'int32'),
        ids: tf.zeros([rows], 'int32'),
        finished: tf.zeros([rows], 'bool'),
        tokens: tf.zeros([rows, maxTokens], 'int32'),
        logprobs: tf.zeros([rows, maxTokens]),
        tails: [],
      };
      const state = nextToken(start, tf.gather(logits, promptOfRow(plan.layout)), plan);
      return { state, caches, ...(merged && { merged }) };
    }),
  { name: 'begin' },
);

/** Decodes until there is no room left, or all completions are finished. */
const decode = compile(
  (state: DecodeState, { caches, merged }: Prepared, room: number, weights: LanguageWeights, plan: Plan): DecodeState =>
    tidy(() => {
      const { layout, padding } = plan;
      const whole = withMerged(weights, merged);
      const tails = caches.map((_, layer) => tailCache(layout, room, state.tails[layer]));
      const goesOn = ({ step, finished }: DecodeState): tf.Tensor =>
        tf.logicalAnd(tf.lessEqual(step, tf.scalar(room, 'int32')), tf.logicalNot(tf.all(finished)));
      const turn = (now: DecodeState): DecodeState => {
        const index: tf.Scalar = tf.sub(now.step, tf.scalar(1, 'int32'));
        const rotary = rotaryOfStep(plan, index);
        const context = { layout, rotary, index, future: futureMask(index, room), ...(padding && { padding }) };
        const decoded = decodeStep(now.ids, context, caches, now.tails, whole);
        return nextToken({ ...now, tails: decoded.tails }, decoded.logits, plan);
      };
      return whileLoop(goesOn, turn, { ...state, tails });
    }),
  { name: 'decode' },
);

/** @param logits - [P·G, V] */
function nextToken(state: DecodeState, logits: tf.Tensor2D, { uniforms, draw }: Plan): DecodeState {
  const { step } = state;
  const random: tf.Tensor1D = tf.reshape(tf.gather(uniforms, tf.reshape(step, [1])), [-1]);
  const { tokens, logprobs } = drawTokens(logits, random, draw);
  const stopped = draw.stopTokens.map((stop) => tf.equal(tokens, tf.scalar(stop, 'int32')));
  return {
    step: tf.add(step, tf.scalar(1, 'int32')),
    ids: tokens,
    finished: stopped.reduce<tf.Tensor>(tf.logicalOr, state.finished) as tf.Tensor1D,
    tokens: writeSlice(state.tokens, tf.expandDims(tokens, 1), 1, step),
    logprobs: writeSlice(state.logprobs, tf.expandDims(logprobs, 1), 1, step),
    tails: state.tails,
  };
}

/** [P·G] */
function promptOfRow({ prompts, groupSize }: PackedLayout): tf.Tensor1D {
  return tf.tensor1d(
    Int32Array.from({ length: prompts * groupSize }, (_, row) => Math.floor(row / groupSize)),
    'int32',
  );
}

/** Of the token at `index` of each completion, [P·G, 1, headDim]. */
function rotaryOfStep({ layout, rotary }: Plan, index: tf.Scalar): RotaryTable {
  const rows = tf.add<tf.Tensor1D>(promptOfRow(layout), tf.mul(index, tf.scalar(layout.prompts, 'int32')));
  return { cos: tf.gather(rotary.cos, rows), signedSin: tf.gather(rotary.signedSin, rows) };
}
