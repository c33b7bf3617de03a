import { compile } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import type { Prompt } from '../../data/prompt.js';
import { createGradients, type Gradients } from '../../models/gradients.js';
import type { Keep } from '../../models/layer-stack.js';
import type { Processor, ProcessedPrompt } from '../../models/qwen2.5-vl/processor.js';
import type { Grid } from '../../models/qwen2.5-vl/rope.js';
import { runVision, type VisionPass, type VisionTower } from '../../models/qwen2.5-vl/vision.js';
import { free } from '../../models/tidy.js';

/** Renders and tokenises prompts and cuts their images into patches, once per prompt object. */
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

  const compute = async ({ images }: ProcessedPrompt, tower: VisionTower): Promise<Float32Array> => {
    const parts: Float32Array[] = [];
    for (const image of images) {
      const pixels = pixelMatrix(image, tower);
      const embeddings = await embedImage(pixels, image.grid, tower);
      parts.push((await embeddings.data()) as Float32Array);
      free(pixels, embeddings);
    }
    return concatenate(parts);
  };

  const read = async (prompts: readonly ProcessedPrompt[], tower: VisionTower): Promise<tf.Tensor2D> => {
    const size = tower.config.outHiddenSize;
    const missing = new Set(prompts.filter((prompt) => prompt.images.length > 0 && !known.has(prompt)));
    for (const prompt of missing) known.set(prompt, await compute(prompt, tower));
    const all = concatenate(prompts.flatMap((prompt) => known.get(prompt) ?? []));
    return tf.tensor2d(all, [all.length / size, size]);
  };

  return { read, clear: () => (known = new WeakMap()) };
}

const none = createGradients(new Set());

/**
 * One image through the tower: a program for each size of image, but for large towers. Those spend their time in products,
 * which a program does no faster, and take long to compile. That the tower alone decides gives the same bits in every run.
 *
 * @returns [image tokens, outHiddenSize]
 */
async function embedImage(pixels: tf.Tensor2D, grid: Grid, tower: VisionTower): Promise<tf.Tensor2D> {
  const matrices = tower.blocks.flatMap(({ qkv, proj, gate, up, down }) => [qkv, proj, gate, up, down]);
  const large = matrices.reduce((sum, { weight }) => sum + weight.size, 0) > 1 << 26;
  return large ? forwardImage(pixels, grid, tower) : compiledImage.async(pixels, grid, tower);
}

const forwardImage = (pixels: tf.Tensor2D, grid: Grid, tower: VisionTower): tf.Tensor2D =>
  runVision(pixels, [grid], tower, 'nothing', none).embeddings;

const compiledImage = compile(forwardImage, { name: 'vision' });

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** An image's patches, one a row. */
function pixelMatrix({ pixelValues }: ProcessedPrompt['images'][number], { patchEmbed }: VisionTower): tf.Tensor2D {
  const values = patchEmbed.weight.shape[1];
  return tf.tensor2d(pixelValues, [pixelValues.length / values, values]);
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
  const pixels = tf.tidy(() => tf.concat(images.map((image) => pixelMatrix(image, tower))));
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
