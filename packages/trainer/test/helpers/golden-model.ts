import * as tf from '@tensorflow/tfjs';
import { chooseBackend } from '../../src/backends/choose-backend.js';
import { createGradients, type Parameters } from '../../src/models/gradients.js';
import type { EncodedPrompt } from '../../src/models/qwen2.5-vl/batch.js';
import type { Qwen25VlConfig } from '../../src/models/qwen2.5-vl/config.js';
import { uploadParameters } from '../../src/models/qwen2.5-vl/parameters.js';
import type { Qwen25Vl } from '../../src/models/qwen2.5-vl/model.js';
import { positionIds } from '../../src/models/qwen2.5-vl/position-ids.js';
import type { Grid } from '../../src/models/qwen2.5-vl/rope.js';
import { runVision } from '../../src/models/qwen2.5-vl/vision.js';
import { openCheckpoint } from '../../src/models/qwen2.5-vl/weights.js';
import { goldenJson, goldenPath, goldenTensors, type GoldenVlmCase } from './golden.js';

/** A golden checkpoint's parameters on the default backend. */
export async function goldenParameters(variant: string): Promise<{ config: Qwen25VlConfig; parameters: Parameters }> {
  await chooseBackend();
  const checkpoint = await openCheckpoint(goldenPath('vlm', variant));
  const parameters = await uploadParameters(checkpoint.config, checkpoint);
  return { config: checkpoint.config, parameters };
}

const MEAN = [0.48145466, 0.4578275, 0.40821073];
const STD = [0.26862954, 0.26130258, 0.27577711];

/** Pixels of golden images [patches, 1176], from their stored 8-bit levels, and the images' grids. */
export async function goldenPixels(images: readonly string[]): Promise<{ pixels: Float32Array; grids: Grid[] }> {
  const file = await goldenTensors('vlm', 'processor.safetensors');
  const { cases } = goldenJson<{ cases: { image: string; grid_thw: Grid }[] }>('vlm', 'processor.json');
  const pixels: number[] = [];
  for (const image of images) {
    const levels = await file.read(`${image.replace(/^images\/|\.png$/g, '')}.levels_pil`); // [N, 3, 14, 14]
    for (let plane = 0; plane < levels.length / 196; plane++) {
      const channel = plane % 3;
      const values = Array.from(levels.subarray(plane * 196, (plane + 1) * 196), (level) =>
        Math.fround((level / 255 - MEAN[channel]!) / STD[channel]!),
      );
      pixels.push(...values, ...values); // both frames of a still picture
    }
  }
  const grids = images.map((image) => cases.find((entry) => entry.image === image)!.grid_thw);
  return { pixels: Float32Array.from(pixels), grids };
}

/** Embeddings of golden images, [image tokens, D], and the images' grids. */
export async function goldenEmbeddings(
  images: readonly string[],
  model: Qwen25Vl,
): Promise<{ embeddings: tf.Tensor2D; grids: Grid[] }> {
  if (images.length === 0) return { embeddings: tf.zeros([0, model.config.text.hiddenSize]), grids: [] };
  const { pixels, grids } = await goldenPixels(images);
  const input = tf.tensor2d(pixels, [pixels.length / 1176, 1176]);
  const { embeddings } = runVision(input, grids, model.vision, 'nothing', createGradients(new Set()));
  input.dispose();
  return { embeddings, grids };
}

/** The rows of a golden case without padding. */
export function goldenRows(golden: GoldenVlmCase): { ids: number[]; images: string[] }[] {
  return golden.inputIds.map((ids, row) => ({
    ids: ids.filter((_, column) => golden.attentionMask[row]![column] === 1),
    images: golden.images[row]!,
  }));
}

/** Golden rows as the language model takes them. */
export function goldenPrompts(
  rows: readonly { ids: number[]; images: string[] }[],
  grids: readonly Grid[],
  config: Qwen25VlConfig,
): EncodedPrompt[] {
  let taken = 0;
  return rows.map(({ ids, images }) => {
    const own = grids.slice(taken, (taken += images.length));
    const places = positionIds(ids, own, config.imageTokenId, config.vision.spatialMergeSize);
    return { inputIds: Int32Array.from(ids), ...places };
  });
}

/** Largest absolute difference. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`largestDifference: lengths ${a.length} and ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= largest)) largest = difference; // NaN counts
  }
  return largest;
}
