import * as tf from '@tensorflow/tfjs';
import seedrandom from 'seedrandom';
import { chooseBackend } from '../../backends/choose-backend.js';
import type { Prompt } from '../../data/prompt.js';
import { adamWStep, clipScale, createAdamWState, gradientNorm, type AdamWState } from '../../models/adamw.js';
import { createGradients } from '../../models/gradients.js';
import type { LoraOptions } from '../../models/lora.js';
import { writeOptimizer } from '../../models/optimizer-file.js';
import { readConfig, type Qwen25VlConfig } from '../../models/qwen2.5-vl/config.js';
import { readGenerationConfig } from '../../models/qwen2.5-vl/generation-config.js';
import { generate } from '../../models/qwen2.5-vl/generation.js';
import { uploadParameters, type ParameterValues } from '../../models/qwen2.5-vl/parameters.js';
import { readProcessor, type Processor, type ProcessorOptions } from '../../models/qwen2.5-vl/processor.js';
import type { Tokenizer } from '../../models/qwen2.5-vl/tokenizer.js';
import { openCheckpoint } from '../../models/qwen2.5-vl/weights.js';
import { free } from '../../models/tidy.js';
import type { Completion, Policy, SamplingOptions } from '../policy.js';
import { loadWeights, saveWeights } from './files.js';
import { createEmbeddingCache, createPromptReader } from './prompts.js';
import { mixReference, readReference, writeReference } from './reference.js';
import { sequenceEntropies, sequenceLogprobs, trainOnSequences, type ModelState } from './sequences.js';
import { createWeights, disposeWeights, modelOf, trainedNames, trainedTensors } from './weights.js';

/** Which model, and what of it is trained. */
export interface TfjsPolicyOptions extends ProcessorOptions {
  /** Folder in Hugging Face layout: config.json, safetensors, tokenizer, chat template, image processor. */
  readonly checkpoint: string;
  /** The folder's input side, when it has been read already, with the same limits. */
  readonly processor?: Processor;
  /** Weights to use instead of those in the folder, which then needs none. */
  readonly parameters?: ParameterValues;
  /** 'lora' trains a small adapter beside the weights, 'full' the weights themselves. */
  readonly train: 'lora' | 'full';
  /** The adapter's shape, when there is one. */
  readonly lora?: LoraOptions;
  /**
   * 'bf16' keeps matrices that are not trained in bfloat16, at half the memory; they are multiplied as float32, so that a
   * checkpoint stored in bfloat16 gives the same as with 'fp32'. Needs the native backend.
   *
   * @defaultValue 'fp32'
   */
  readonly precision?: 'fp32' | 'bf16';
  /**
   * The type in which matrices kept in bfloat16 are multiplied. 'bf16' rounds what they are multiplied by as well and sums in float32;
   * needs `precision: 'bf16'`.
   *
   * @defaultValue 'fp32'
   */
  readonly matmulPrecision?: 'fp32' | 'bf16';
  /** Keep the vision tower as it is; image embeddings are then computed once per prompt. @defaultValue true */
  readonly freezeVision?: boolean;
  /** Keep what `logprobs` needs to answer for the weights before training. An adapter always can. @defaultValue false */
  readonly reference?: boolean;
  /** What a new adapter's random start follows from. */
  readonly seed: string;
  /** AdamW's settings; the rate and the clipping come with each step. */
  readonly optimizer?: PolicyOptimizerOptions;
  /**
   * 'everything' keeps all activations between forward and backward; 'inputs' only each layer's input, and computes the
   * rest again: a quarter slower, and the memory of one layer instead of all. Results are the same to the bit.
   *
   * @defaultValue 'everything' while that takes less than 256 MiB, else 'inputs'
   */
  readonly keep?: 'inputs' | 'everything';
}

/** AdamW's settings that stay the same over a run. */
export interface PolicyOptimizerOptions {
  /** @defaultValue 0 */
  readonly weightDecay?: number;
  /** @defaultValue 0.9 */
  readonly beta1?: number;
  /** @defaultValue 0.999 */
  readonly beta2?: number;
  /** @defaultValue 1e-8 */
  readonly epsilon?: number;
  /** Which parameters decay. @defaultValue 'matrices', which spares norms and biases */
  readonly decayed?: 'all' | 'matrices';
}

/**
 * A Qwen2.5-VL policy in this process, on TensorFlow.js.
 *
 * @throws Error naming file and field, when the checkpoint is incomplete or malformed.
 */
export async function createTfjsPolicy(options: TfjsPolicyOptions): Promise<Policy> {
  const backend = await chooseBackend();
  if (options.precision === 'bf16' && backend !== 'tensorflow') {
    throw new Error(`model.precision: 'bf16' needs the native backend (q-insight setup), this is '${backend}'`);
  }
  if (options.matmulPrecision === 'bf16' && options.precision !== 'bf16') {
    throw new Error("model.matmulPrecision: 'bf16' needs model.precision: 'bf16'");
  }
  const { checkpoint, freezeVision: frozen = true, reference = false, train, seed } = options;
  const config = await readConfig(checkpoint);
  const processor = options.processor ?? (await readProcessor(checkpoint, options, config));
  const { eosTokenIds } = await readGenerationConfig(checkpoint, config, processor.tokenizer);
  const freezeVision = frozen || train === 'lora'; // adapters go to the language model alone
  const isTrained = (name: string): boolean => train === 'full' && !(freezeVision && name.startsWith('model.visual.'));
  const matmul = options.matmulPrecision === 'bf16' ? 'bfloat16' : 'float32';
  const narrow = (name: string) => (options.precision === 'bf16' && !isTrained(name) ? matmul : undefined);
  const source = options.parameters ?? (await openCheckpoint(checkpoint));
  const base = new Map(await uploadParameters(config, source, narrow));
  const lora = options.lora && { lora: options.lora };
  const weights = createWeights(base, { train, ...lora, freezeVision, reference, seed });
  let gradients = createGradients(new Set(trainedNames(weights, freezeVision)));
  let optimizer = createAdamWState();
  let referenceMoved = false;
  const readPrompt = createPromptReader(processor);
  const embeddings = { policy: createEmbeddingCache(), reference: createEmbeddingCache() };

  const state = (which: 'policy' | 'reference'): ModelState => ({
    model: modelOf(config, weights, which),
    readPrompt,
    embeddings: embeddings[freezeVision ? 'policy' : which], // a frozen tower is the same in both
    freezeVision,
    keep: options.keep,
    gradients,
  });

  return {
    sample: (asked, sampling) => sampleGroups(asked, sampling, state('policy'), processor.tokenizer, eosTokenIds),
    // async, so that a missing reference rejects instead of throwing
    logprobs: async (sequences, { weights: which = 'policy', temperature = 1 } = {}) =>
      sequenceLogprobs(sequences, temperature, state(which)),
    entropies: (sequences, { temperature = 1 } = {}) => sequenceEntropies(sequences, temperature, state('policy')),
    forwardBackward: (sequences, loss, options = {}) => trainOnSequences(sequences, loss, options, state('policy')),
    optimizerStep: async ({ learningRate, maxGradientNorm }) => {
      const norm = await gradientNorm(gradients.sums);
      if (!Number.isFinite(norm)) {
        gradients.clear();
        throw new Error(`optimizerStep: the gradient norm is ${norm}; the weights are left as they were`);
      }
      const { beta1 = 0.9, beta2 = 0.999, decayed = 'matrices', ...rest } = options.optimizer ?? {};
      const settings = { ...rest, betas: [beta1, beta2] as const, decayed };
      const scale = clipScale(norm, maxGradientNorm);
      adamWStep(trainedTensors(weights), gradients.sums, optimizer, learningRate, scale, settings);
      gradients.clear();
      if (!freezeVision) embeddings.policy.clear();
      return { gradientNorm: norm };
    },
    // in a promise, so that a missing reference rejects instead of throwing
    syncReference: (alpha) =>
      Promise.resolve().then(() => {
        mixReference(weights, alpha, seed);
        embeddings.reference.clear();
        referenceMoved = true;
      }),
    save: async (folder, content = 'resumable') => {
      await saveWeights(folder, config, weights, checkpoint);
      if (content === 'resumable') await writeOptimizer(folder, optimizer);
      if (content === 'resumable' && referenceMoved) await writeReference(folder, weights);
    },
    load: async (folder) => {
      const loaded = await loadWeights(folder, config, weights, freezeVision);
      referenceMoved = (await readReference(folder, weights)) || referenceMoved;
      disposeOptimizer(optimizer);
      optimizer = loaded;
      gradients.clear();
      gradients = createGradients(new Set(trainedNames(weights, freezeVision)));
      embeddings.policy.clear();
      embeddings.reference.clear();
    },
    memory: () => {
      const { numTensors: tensors, numBytes: bytes } = tf.memory();
      return { tensors, bytes };
    },
    dispose: () => {
      disposeWeights(weights);
      disposeOptimizer(optimizer);
      gradients.clear();
    },
  };
}

function disposeOptimizer({ firstMoments, secondMoments }: AdamWState): void {
  free([...firstMoments.values()], [...secondMoments.values()]);
}

/** Tokens that stand for pixels: a model that draws one would not be understood. */
function imageTokenIds(config: Qwen25VlConfig): number[] {
  return [config.imageTokenId, config.videoTokenId, config.visionStartTokenId, config.visionEndTokenId];
}

async function sampleGroups(
  asked: readonly Prompt[],
  options: SamplingOptions,
  { model, readPrompt, embeddings }: ModelState,
  tokenizer: Tokenizer,
  eosTokenIds: readonly number[],
): Promise<Completion[][]> {
  if (asked.length === 0) return [];
  const encoded = asked.map(readPrompt);
  const images: tf.Tensor2D = await embeddings.read(encoded, model.vision);
  const groups = await generate(encoded, images, model, {
    groupSize: options.groupSize,
    maxTokens: options.maxTokens,
    temperature: options.temperature,
    topK: options.topK ?? 0,
    topP: options.topP ?? 1,
    suppressed: imageTokenIds(model.config),
    stopTokens: new Set(eosTokenIds),
    random: (prompt, completion) => seedrandom(`${options.seed}/${asked[prompt]!.id}/${completion}`),
  });
  images.dispose();
  return groups.map((group) =>
    group.map(({ tokens, logprobs, finishReason }) => ({
      tokens,
      text: tokenizer.decode(tokens, 'skip'),
      samplerLogps: logprobs,
      finishReason,
    })),
  );
}
