import { compile, matmulPrecision } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import type { Prompt } from '../../data/prompt.js';
import { createGradients, type Gradients } from '../../models/gradients.js';
import type { Keep } from '../../models/layer-stack.js';
import type { ProcessedImage } from '../../models/qwen2.5-vl/image-processor.js';
import { cutIntoPatches, patchValues } from '../../models/qwen2.5-vl/patches.js';
import type { Processor, ProcessedPrompt } from '../../models/qwen2.5-vl/processor.js';
import type { Grid } from '../../models/qwen2.5-vl/rope.js';
import { runVision, type VisionPass, type VisionTower } from '../../models/qwen2.5-vl/vision.js';
import { free } from '../../models/tidy.js';

/** Renders and tokenises prompts and resizes their images, once per prompt object. */
export function createPromptReader(processor: Processor): (prompt: Prompt) => ProcessedPrompt {
  const processed = new WeakMap<Prompt, ProcessedPrompt>();
  return (prompt) => {
    const known = processed.get(prompt);
    if (known) return known;
    const fresh = processor.process(prompt);
    processed.set(prompt, fresh);
    return fresh;
  };
}

/** Image embeddings of one tower, computed once per prompt. */
export interface EmbeddingCache {
  /** [image tokens, outHiddenSize], prompt after prompt; the caller disposes them. */
  read(prompts: readonly ProcessedPrompt[], tower: VisionTower): Promise<tf.Tensor2D>;
  /** Forgets all: the tower has changed. */
  clear(): void;
}

/** Embeddings live as long as the prompts themselves do, outside of the backend's memory. */
export function createEmbeddingCache(): EmbeddingCache {
  let known = new WeakMap<ProcessedPrompt, Float32Array>();

  const compute = async (prompts: readonly ProcessedPrompt[], tower: VisionTower): Promise<void> => {
    const images = prompts.flatMap((prompt) => prompt.images);
    const parts: Float32Array[] = [];
    const compiled = compiles(tower);
    const embed = compiled ? compiledForward.async : forward;
    const runs = compiled ? images.map((image) => [image]) : [images];
    const memory = new Float32Array(Math.max(...runs.map(patchValues)));
    for (const run of runs) {
      const pixels = pixelMatrix(run, tower, memory);
      const grids = run.map(({ grid }) => grid);
      const embeddings = await embed(pixels, grids, tower);
      parts.push((await embeddings.data()) as Float32Array);
      free(pixels, embeddings);
    }
    const values = concatenate(parts);
    let taken = 0;
    for (const prompt of prompts) {
      const patches = prompt.images.reduce((sum, { grid: [t, h, w] }) => sum + t * h * w, 0);
      const length = (patches / tower.config.spatialMergeSize ** 2) * tower.config.outHiddenSize;
      known.set(prompt, values.slice(taken, (taken += length)));
    }
  };

  const read = async (prompts: readonly ProcessedPrompt[], tower: VisionTower): Promise<tf.Tensor2D> => {
    const size = tower.config.outHiddenSize;
    const missing = new Set(prompts.filter((prompt) => prompt.images.length > 0 && !known.has(prompt)));
    if (missing.size > 0) await compute([...missing], tower);
    const all = concatenate(prompts.flatMap((prompt) => known.get(prompt) ?? []));
    return tf.tensor2d(all, [all.length / size, size]);
  };

  return { read, clear: () => (known = new WeakMap()) };
}

const none = createGradients(new Set());

const forward = (pixels: tf.Tensor2D, grids: readonly Grid[], tower: VisionTower): tf.Tensor2D =>
  runVision(pixels, grids, tower, 'nothing', none).embeddings;

const compiledForward = compile(forward, { name: 'vision' });

/**
 * Whether images go through the tower one by one in a program for each size of image, rather than together. A large tower
 * spends its time in products, which a program does no faster, unless they are in bfloat16, and takes long to compile. That the tower
 * alone decides gives the same bits in every run.
 */
function compiles({ blocks }: VisionTower): boolean {
  if (tf.getBackend() !== 'tensorflow') return false;
  const matrices = blocks.flatMap(({ qkv, proj, gate, up, down }) => [qkv, proj, gate, up, down]);
  const size = matrices.reduce((sum, { weight }) => sum + weight.size, 0);
  return size < 1 << 26 || matrices.some(({ weight }) => matmulPrecision(weight) === 'bfloat16');
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * The images' patches, one a row.
 *
 * @param memory - for the patches, until the matrix is freed
 */
function pixelMatrix(
  images: readonly ProcessedImage[],
  { patchEmbed }: VisionTower,
  memory?: Float32Array,
): tf.Tensor2D {
  const patches = cutIntoPatches(images, memory);
  const values = patchEmbed.weight.shape[1];
  return tf.tensor2d(patches, [patches.length / values, values]);
}

/** Runs all images of some prompts through the tower in one batch. Prompts without any give [0, outHiddenSize]. */
export function embedImages(
  prompts: readonly ProcessedPrompt[],
  tower: VisionTower,
  keep: Keep,
  gradients: Gradients,
): VisionPass {
  const images = prompts.flatMap((prompt) => prompt.images);
  if (images.length === 0) {
    const embeddings = tf.zeros<tf.Rank.R2>([0, tower.config.outHiddenSize]);
    return { embeddings, backward: (dEmbeddings) => dEmbeddings.dispose(), dispose: () => undefined };
  }
  const pixels = pixelMatrix(images, tower);
  const pass = runVision(
    pixels,
    images.map(({ grid }) => grid),
    tower,
    keep,
    gradients,
  );
  const dispose = (): void => {
    pass.dispose();
    pixels.dispose();
  };
  if (keep === 'nothing') pixels.dispose();
  const backward = (dEmbeddings: tf.Tensor2D): void => {
    pass.backward(dEmbeddings);
    pixels.dispose();
  };
  return { embeddings: pass.embeddings, backward, dispose };
}
