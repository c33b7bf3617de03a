import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RgbImage } from '../../packages/trainer/src/data/prompt.js';
import type { Qwen25VlConfig } from '../../packages/trainer/src/models/qwen2.5-vl/config.js';
import { initParameters } from '../../packages/trainer/src/models/qwen2.5-vl/parameters.js';
import { expectedTensors } from '../../packages/trainer/src/models/qwen2.5-vl/tensors.js';
import { readTokenizer } from '../../packages/trainer/src/models/qwen2.5-vl/tokenizer.js';
import { copyCompanionFiles, saveCheckpoint } from '../../packages/trainer/src/models/qwen2.5-vl/weights.js';
import seedrandom from 'seedrandom';
import { whiteningFilters } from './whitening.js';

/** Where train-tokenizer.ts puts the tokenizer. */
export const TOKENIZER = path.join(import.meta.dirname, 'tokenizer');

/** Side of the crops: 8 x 8 patches, 16 tokens. */
export const CROP_SIZE = 112;

const IMAGE_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
const IMAGE_STD = [0.26862954, 0.26130258, 0.27577711] as const;

/** Qwen2.5-VL at 1.4 million parameters. One attention window covers a crop. */
export async function tinyConfig(): Promise<Qwen25VlConfig> {
  const tokenizer = await readTokenizer(TOKENIZER);
  const id = (token: string) => {
    const found = tokenizer.tokenId(token);
    if (found === undefined) throw new Error(`${TOKENIZER}: no token ${token}`);
    return found;
  };
  return {
    text: {
      hiddenSize: 128,
      intermediateSize: 352,
      numHiddenLayers: 2,
      numAttentionHeads: 4,
      numKeyValueHeads: 2,
      headDim: 32,
      vocabSize: id('<|video_pad|>') + 1, // the last token
      rmsNormEps: 1e-6,
      ropeTheta: 10_000,
      mropeSection: [4, 6, 6],
      maxPositionEmbeddings: 512,
    },
    vision: {
      depth: 3,
      hiddenSize: 128,
      intermediateSize: 256,
      numHeads: 4,
      inChannels: 3,
      patchSize: 14,
      temporalPatchSize: 2,
      spatialMergeSize: 2,
      windowSize: CROP_SIZE,
      fullattBlockIndexes: [2],
      outHiddenSize: 128,
      tokensPerSecond: 2,
      ropeTheta: 10_000,
    },
    tieWordEmbeddings: true,
    imageTokenId: id('<|image_pad|>'),
    videoTokenId: id('<|video_pad|>'),
    visionStartTokenId: id('<|vision_start|>'),
    visionEndTokenId: id('<|vision_end|>'),
    bosTokenId: null,
    eosTokenId: id('<|im_end|>'),
    padTokenId: id('<|endoftext|>'),
  };
}

/** Random weights, matrices scaled to their inputs as in torch's linear layers. */
export function randomValues(config: Qwen25VlConfig, seed: string): Map<string, Float32Array> {
  const values = initParameters(config, seed, 1);
  for (const { name, shape } of expectedTensors(config)) {
    if (shape.length < 2) continue;
    const inputs = shape.slice(1).reduce((product, size) => product * size, 1);
    const deviation = name.includes('embed_tokens') ? 0.05 : 1 / Math.sqrt(3 * inputs);
    const tensor = values.get(name)!;
    for (let i = 0; i < tensor.length; i++) tensor[i]! *= deviation;
  }
  return values;
}

/**
 * Random weights but for two things: the patch embedding starts as whitening filters, and in the first block `up` starts
 * as `gate`, so that its gated units start as local energies, which is what distortions change.
 */
export function initialValues(
  config: Qwen25VlConfig,
  seed: string,
  photos: readonly RgbImage[],
): Map<string, Float32Array> {
  const values = randomValues(config, seed);
  const { vision } = config;
  const filters = whiteningFilters(photos, {
    patchSize: vision.patchSize,
    frames: vision.temporalPatchSize,
    channelStd: IMAGE_STD,
    filters: vision.hiddenSize,
    patches: 20_000,
    random: seedrandom(`${seed}/patches`),
  });
  values.set('model.visual.patch_embed.proj.weight', filters);
  const first = 'model.visual.blocks.0.mlp';
  values.get(`${first}.up_proj.weight`)!.set(values.get(`${first}.gate_proj.weight`)!);
  return values;
}

/** What lies beside the weights: tokenizer, template, image processor, generation settings. */
export async function writeCompanions(folder: string, config: Qwen25VlConfig): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await copyCompanionFiles(TOKENIZER, folder);
  const write = (name: string, value: unknown) =>
    writeFileSync(path.join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  write('preprocessor_config.json', {
    image_processor_type: 'Qwen2VLImageProcessor',
    processor_class: 'Qwen2_5_VLProcessor',
    min_pixels: (2 * 14) ** 2,
    max_pixels: CROP_SIZE ** 2,
    patch_size: config.vision.patchSize,
    temporal_patch_size: config.vision.temporalPatchSize,
    merge_size: config.vision.spatialMergeSize,
    image_mean: IMAGE_MEAN,
    image_std: IMAGE_STD,
  });
  write('generation_config.json', {
    do_sample: true,
    temperature: 1,
    eos_token_id: [config.eosTokenId, config.padTokenId],
    pad_token_id: config.padTokenId,
  });
}

/** Writes a checkpoint folder that needs nothing else: weights, config, tokenizer, template, image processor. */
export async function writeTinyCheckpoint(
  folder: string,
  config: Qwen25VlConfig,
  values: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  await writeCompanions(folder, config);
  await saveCheckpoint(folder, config, (name) => {
    const tensor = values.get(name);
    if (tensor === undefined) throw new Error(`no values for ${name}`);
    return tensor;
  });
}
