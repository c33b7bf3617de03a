import { compile } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import { free } from '../tidy.js';
import { rmsNorm } from '../layers/rms-norm.js';
import { rotaryTable } from '../layers/rotary.js';
import { packSequences, type EncodedPrompt } from './batch.js';
import { uploadBatch } from './batch-tensors.js';
import {
  decodeStep,
  FIRST_CAPACITY,
  growCache,
  mergeLayers,
  stepMasks,
  type DecodeContext,
  type DecodeWeights,
  type PromptCache,
  type TailCache,
} from './decode.js';
import { decoderLayer } from './decoder-layer.js';
import type { Qwen25Vl } from './model.js';
import { paddingMask, type PackedLayout } from './packed-layout.js';
import { mropeAngles } from './rope.js';
import { drawToken, type DrawOptions } from './sampling.js';
import { embed } from './sequences.js';

/** How many completions to sample, how long, and how tokens are drawn. */
export interface GenerationOptions extends DrawOptions {
  readonly groupSize: number;
  readonly maxTokens: number;
  /** Tokens that end a completion; the one drawn is kept. */
  readonly stopTokens: ReadonlySet<number>;
  /** Random numbers of one completion, so that what it draws does not depend on its neighbours. */
  readonly random: (prompt: number, completion: number) => () => number;
}

/** One sampled completion. */
export interface Generated {
  /** The stop token included, when there was one. */
  readonly tokens: number[];
  /** Of each token, under the distribution it was drawn from. */
  readonly logprobs: number[];
  readonly finishReason: 'stop' | 'length';
}

/**
 * Samples a group of completions per prompt, all in one batch: each prompt is computed once, its keys and values serve
 * the whole group.
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
  const merged = mergeLayers(model.layers);
  const head: tf.Tensor2D = tf.tidy(() => tf.transpose(model.head)); // [D, V]
  const weights = { embedding: model.embedding, layers: merged.layers, finalNorm: model.finalNorm, head };
  const prefilled = prefill(prompts, images, { ...model, layers: merged.layers }, head, options.groupSize);
  const next = prompts.map(({ inputIds, ropeDelta }) => inputIds.length + ropeDelta);
  const rows = startRows(prompts.length, options);
  let logits = prefilled.logits; // [P, V] at first, then [P·G, V]
  let tails = prefilled.caches.map(() => emptyTail(prefilled.layout));
  try {
    for (let step = 0; step < options.maxTokens; step++) {
      drawAll(rows, (await logits.data()) as Float32Array, logits.shape[1], options);
      logits.dispose();
      if (step + 1 === options.maxTokens || rows.every((row) => row.finished)) break;
      if (step === tails[0]!.k.shape[1]) tails = tails.map(growCache);
      const decoded = nextLogits(rows, step, next, prefilled, tails, weights, model);
      free(tails);
      ({ logits, tails } = decoded);
    }
  } finally {
    free(logits, head, prefilled, tails);
    merged.dispose();
  }
  return prompts.map((_, p) =>
    rows.slice(p * options.groupSize, (p + 1) * options.groupSize).map(({ tokens, logprobs, finished }) => ({
      tokens,
      logprobs,
      finishReason: finished ? 'stop' : 'length',
    })),
  );
}

interface Row {
  readonly tokens: number[];
  readonly logprobs: number[];
  readonly random: () => number;
  finished: boolean;
}

function startRows(prompts: number, options: GenerationOptions): Row[] {
  return Array.from({ length: prompts * options.groupSize }, (_, row) => ({
    tokens: [],
    logprobs: [],
    random: options.random(Math.floor(row / options.groupSize), row % options.groupSize),
    finished: false,
  }));
}

/** One more token for each unfinished row. With one line of logits per prompt, all of its completions draw from it. */
function drawAll(rows: readonly Row[], logits: Float32Array, vocabulary: number, options: GenerationOptions): void {
  const lines = logits.length / vocabulary;
  rows.forEach((row, index) => {
    if (row.finished) return;
    const line = Math.floor((index * lines) / rows.length);
    const { token, logprob } = drawToken(
      logits.subarray(line * vocabulary, (line + 1) * vocabulary),
      options,
      row.random,
    );
    row.tokens.push(token);
    row.logprobs.push(logprob);
    row.finished = options.stopTokens.has(token);
  });
}

interface Prefilled {
  /** [P, V], after each prompt's last token. */
  readonly logits: tf.Tensor2D;
  readonly caches: readonly PromptCache[];
  readonly layout: PackedLayout;
  readonly padding?: tf.Tensor3D;
}

function prefill(
  prompts: readonly EncodedPrompt[],
  images: tf.Tensor2D,
  model: Qwen25Vl,
  head: tf.Tensor2D,
  groupSize: number,
): Prefilled {
  // A copy of each prompt, so that the same one given twice is two prompts here.
  const sequences = prompts.map((prompt) => ({ prompt: { ...prompt }, completion: [] }));
  const batch = packSequences(sequences, model.config);
  const layout = { ...batch.layout, groupSize };
  const uploaded = uploadBatch(batch, model.config);
  const caches: PromptCache[] = [];
  let x = embed(uploaded, images, model);
  for (const layer of model.layers) {
    const { y, saved } = decoderLayer(x, layer, uploaded);
    const { k, v } = saved.attended.prompt;
    caches.push({ k: tf.clone(k), v: tf.clone(v) });
    free(saved); // x among it
    x = y;
  }
  free(uploaded);
  const last = batch.promptLengths.map((length, p) => p * layout.promptLength + length - 1);
  const logits = tf.tidy(() => {
    const hidden: tf.Tensor2D = tf.gather(x, tf.tensor1d(last, 'int32'));
    return tf.matMul<tf.Tensor2D>(rmsNorm(hidden, model.finalNorm), head);
  });
  x.dispose();
  if (batch.promptLengths.every((length) => length === layout.promptLength)) return { logits, caches, layout };
  return { logits, caches, layout, padding: paddingMask(batch.promptLengths, prompts.length, layout.promptLength) };
}

function emptyTail({ prompts, keyHeads, groupSize, headDim }: PackedLayout): TailCache {
  const empty = (): tf.Tensor3D => tf.zeros([prompts * keyHeads * groupSize, FIRST_CAPACITY, headDim]);
  return { k: empty(), v: empty() };
}

/** One program per shape, where the backend compiles. */
const compiledStep = compile(decodeStep, { name: 'decodeStep' });

/** Each row's latest token through the model. A finished row goes on with its last token: nobody reads what comes out. */
function nextLogits(
  rows: readonly Row[],
  step: number,
  next: readonly number[],
  { caches, layout, padding }: Prefilled,
  tails: readonly TailCache[],
  weights: DecodeWeights,
  model: Qwen25Vl,
): ReturnType<typeof decodeStep> {
  const positions = Int32Array.from(rows, (_, row) => next[Math.floor(row / layout.groupSize)]! + step);
  const { text } = model.config;
  const context: DecodeContext = {
    layout,
    rotary: rotaryTable(mropeAngles([positions, positions, positions], text), text.headDim),
    ...(padding && { padding }),
    ...stepMasks(step, tails[0]!.k.shape[1]),
  };
  const ids = tf.tensor1d(
    Int32Array.from(rows, (row) => row.tokens.at(-1)!),
    'int32',
  );
  const result = compiledStep(ids, context, caches, tails, weights);
  free(ids, context.rotary, context.future, context.present);
  return result;
}
