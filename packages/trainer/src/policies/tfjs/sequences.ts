import type * as tf from '@tensorflow/tfjs';
import ndarray from 'ndarray';
import type { Prompt } from '../../data/prompt.js';
import type { Gradients } from '../../models/gradients.js';
import type { Keep } from '../../models/layer-stack.js';
import { whatToKeep } from '../../models/qwen2.5-vl/activations.js';
import { packSequences, type EncodedSequence, type PackedBatch } from '../../models/qwen2.5-vl/batch.js';
import type { Qwen25Vl } from '../../models/qwen2.5-vl/model.js';
import type { ProcessedPrompt } from '../../models/qwen2.5-vl/processor.js';
import { roundLength } from '../../models/round-length.js';
import type { SequenceOptions, SequencePass } from '../../models/qwen2.5-vl/sequences.js';
import type { ForwardOptions, LossResult, Matrix, Sequence } from '../policy.js';
import { runPass } from './programs.js';
import { embedImages, type EmbeddingCache } from './prompts.js';

/** A model with what a pass over sequences needs besides. */
export interface ModelState {
  readonly model: Qwen25Vl;
  readonly readPrompt: (prompt: Prompt) => ProcessedPrompt;
  readonly embeddings: EmbeddingCache;
  readonly freezeVision: boolean;
  /** Undefined: decided by the batch's size. */
  readonly keep: Exclude<Keep, 'nothing'> | undefined;
  readonly gradients: Gradients;
}

/** @returns [B, T] log-probs of the completions' tokens, 0 past a completion's end */
export async function sequenceLogprobs(
  sequences: readonly Sequence[],
  temperature: number,
  state: ModelState,
): Promise<Matrix> {
  const { logprobs } = await runForward(sequences, { temperature }, state);
  return logprobs;
}

/** @returns [B, T] entropies of the distributions at the completions' tokens, 0 past a completion's end */
export async function sequenceEntropies(
  sequences: readonly Sequence[],
  temperature: number,
  state: ModelState,
): Promise<Matrix> {
  const { entropies } = await runForward(sequences, { temperature, want: 'logprobs and entropies' }, state);
  return entropies!;
}

async function runForward(sequences: readonly Sequence[], options: SequenceOptions, state: ModelState) {
  const encoded = encode(sequences, state);
  const batch = pack(encoded, state);
  const images = await state.embeddings.read(batch.prompts, state.model.vision);
  const pass = runPass(batch, images, state.model, state.gradients, options);
  images.dispose();
  return readPass(pass, encoded);
}

/** The values of a pass on the host; their tensors are freed. */
async function readPass({ logprobs, entropies }: SequencePass, encoded: readonly EncodedSequence[]) {
  const read = async (values: tf.Tensor1D): Promise<Matrix> => {
    const matrix = toMatrix((await values.data()) as Float32Array, encoded);
    values.dispose();
    return matrix;
  };
  return { logprobs: await read(logprobs), entropies: entropies && (await read(entropies)) };
}

/** One forward and backward pass around a loss that is computed on the host. */
export async function trainOnSequences(
  sequences: readonly Sequence[],
  loss: (logps: Matrix, entropies?: Matrix) => LossResult,
  { temperature = 1, entropies: wanted = false }: ForwardOptions,
  state: ModelState,
): Promise<LossResult> {
  const { model, embeddings, freezeVision, gradients } = state;
  const encoded = encode(sequences, state);
  const batch = pack(encoded, state);
  const keep = state.keep ?? whatToKeep(batch.layout, model.config.text);
  const vision = freezeVision ? undefined : embedImages(batch.prompts, model.vision, keep, gradients);
  const images: tf.Tensor2D = vision?.embeddings ?? (await embeddings.read(batch.prompts, model.vision));
  const options = { temperature, keep, ...(wanted && { want: 'logprobs and entropies' as const }) };
  const pass = runPass(batch, images, model, gradients, options);
  images.dispose();
  const { logprobs: logps, entropies } = await readPass(pass, encoded);
  let result: LossResult;
  try {
    result = loss(logps, entropies);
    checkGradient(result.gradient, logps);
  } catch (error) {
    pass.dispose();
    vision?.dispose();
    throw error;
  }
  const dEntropies = result.entropyGradient && fromMatrix(result.entropyGradient, encoded);
  const dImages = pass.backward(fromMatrix(result.gradient, encoded), dEntropies);
  if (vision) vision.backward(dImages);
  else dImages.dispose();
  return result;
}

function pack(sequences: EncodedSequence<ProcessedPrompt>[], { model }: ModelState): PackedBatch<ProcessedPrompt> {
  return packSequences(sequences, model.config, roundLength);
}

function encode(sequences: readonly Sequence[], state: ModelState): EncodedSequence<ProcessedPrompt>[] {
  return sequences.map(({ prompt, completion }) => ({ prompt: state.readPrompt(prompt), completion }));
}

function toMatrix(flat: Float32Array, sequences: readonly EncodedSequence[]): Matrix {
  const longest = Math.max(...sequences.map(({ completion }) => completion.length));
  const data = new Float32Array(sequences.length * longest);
  let taken = 0;
  sequences.forEach(({ completion }, row) => {
    data.set(flat.subarray(taken, (taken += completion.length)), row * longest);
  });
  return ndarray(data, [sequences.length, longest]);
}

function fromMatrix(matrix: Matrix, sequences: readonly EncodedSequence[]): Float32Array {
  return Float32Array.from(
    sequences.flatMap(({ completion }, row) => completion.map((_, token) => matrix.get(row, token))),
  );
}

function checkGradient(gradient: Matrix, logps: Matrix): void {
  if (gradient.shape.join() === logps.shape.join()) return;
  throw new Error(
    `forwardBackward: the loss's gradient must have the log-probs' shape [${logps.shape.join(', ')}], ` +
      `got [${gradient.shape.join(', ')}]`,
  );
}
