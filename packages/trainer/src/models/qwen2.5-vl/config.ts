import { join } from 'node:path';
import type { z } from 'zod';
import { checkFields } from '../check-fields.js';
import { readJson } from '../files.js';
import { textSchema, topSchema, visionSchema } from './config-schema.js';

/** The language model's sizes. */
export interface TextConfig {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  /** Divides `numAttentionHeads`: each key/value head serves that many query heads. */
  readonly numKeyValueHeads: number;
  readonly headDim: number;
  readonly vocabSize: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  /** How many of the headDim/2 frequencies follow the time, row and column position, in this order. */
  readonly mropeSection: readonly [number, number, number];
  readonly maxPositionEmbeddings: number;
}

/** The vision tower's sizes. */
export interface VisionConfig {
  readonly depth: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHeads: number;
  readonly inChannels: number;
  /** Pixels along one side of a patch. */
  readonly patchSize: number;
  /** Frames in a patch; a still picture is repeated to fill them. */
  readonly temporalPatchSize: number;
  /** Patches along one side of the square that becomes one token. */
  readonly spatialMergeSize: number;
  /** Pixels along one side of an attention window. */
  readonly windowSize: number;
  /** Blocks that attend to the whole picture instead of windows. */
  readonly fullattBlockIndexes: readonly number[];
  /** The language model's hidden size. */
  readonly outHiddenSize: number;
  /** Scale of video time positions; no part in pictures. */
  readonly tokensPerSecond: number;
  readonly ropeTheta: number;
}

/** `config.json` of a Qwen2.5-VL checkpoint. */
export interface Qwen25VlConfig {
  readonly text: TextConfig;
  readonly vision: VisionConfig;
  /** True: the output head is the embedding matrix, and the files hold no `lm_head.weight`. */
  readonly tieWordEmbeddings: boolean;
  readonly imageTokenId: number;
  readonly videoTokenId: number;
  readonly visionStartTokenId: number;
  readonly visionEndTokenId: number;
  readonly bosTokenId: number | null;
  readonly eosTokenId: number | readonly number[] | null;
  readonly padTokenId: number | null;
}

function textConfig(file: string, prefix: string, text: z.output<typeof textSchema>): TextConfig {
  const fail = (field: string, problem: string): never => {
    throw new Error(`${file}: field "${prefix === '' ? field : `${prefix}.${field}`}": ${problem}`);
  };
  const ropeField = text.rope_parameters ? 'rope_parameters' : 'rope_scaling';
  const scaling = text.rope_parameters ?? text.rope_scaling ?? {};
  const kind = scaling.rope_type ?? scaling.type ?? 'default';
  // "mrope" is how older files spell it; neither scales the frequencies. yarn, linear, dynamic would.
  if (kind !== 'default' && kind !== 'mrope') fail(ropeField, `unsupported rope type "${kind}"`);
  const heads = text.num_attention_heads;
  const keyValueHeads = text.num_key_value_heads ?? heads;
  if (heads % keyValueHeads !== 0) fail('num_key_value_heads', `${keyValueHeads} does not divide ${heads} heads`);
  const headDim = text.hidden_size / heads;
  if (!Number.isInteger(headDim) || headDim % 2 !== 0)
    fail('hidden_size', `${text.hidden_size} over ${heads} heads is not an even head size`);
  const section = scaling.mrope_section ?? fail(`${ropeField}.mrope_section`, 'missing');
  const sum = section[0] + section[1] + section[2];
  if (sum !== headDim / 2)
    fail(`${ropeField}.mrope_section`, `must sum to half the head size, ${headDim / 2}, got ${sum}`);
  return {
    hiddenSize: text.hidden_size,
    intermediateSize: text.intermediate_size,
    numHiddenLayers: text.num_hidden_layers,
    numAttentionHeads: heads,
    numKeyValueHeads: keyValueHeads,
    headDim,
    vocabSize: text.vocab_size,
    rmsNormEps: text.rms_norm_eps,
    ropeTheta: scaling.rope_theta ?? text.rope_theta ?? fail('rope_theta', 'missing'),
    mropeSection: section,
    maxPositionEmbeddings: text.max_position_embeddings,
  };
}

function visionConfig(file: string, vision: z.output<typeof visionSchema>, textHiddenSize: number): VisionConfig {
  const fail = (field: string, problem: string): never => {
    throw new Error(`${file}: field "vision_config.${field}": ${problem}`);
  };
  const headDim = vision.hidden_size / vision.num_heads;
  if (headDim % 4 !== 0)
    fail('hidden_size', `${vision.hidden_size} over ${vision.num_heads} heads must be a multiple of 4, got ${headDim}`);
  if (vision.out_hidden_size !== textHiddenSize)
    fail(
      'out_hidden_size',
      `must equal the language model's hidden_size ${textHiddenSize}, got ${vision.out_hidden_size}`,
    );
  if (vision.window_size < vision.patch_size * vision.spatial_merge_size)
    fail('window_size', `${vision.window_size} is smaller than one token`);
  const beyond = vision.fullatt_block_indexes.find((index) => index >= vision.depth);
  if (beyond !== undefined) fail('fullatt_block_indexes', `block ${beyond} of a tower of ${vision.depth}`);
  return {
    depth: vision.depth,
    hiddenSize: vision.hidden_size,
    intermediateSize: vision.intermediate_size,
    numHeads: vision.num_heads,
    inChannels: vision.in_channels,
    patchSize: vision.patch_size,
    temporalPatchSize: vision.temporal_patch_size,
    spatialMergeSize: vision.spatial_merge_size,
    windowSize: vision.window_size,
    fullattBlockIndexes: vision.fullatt_block_indexes,
    outHiddenSize: vision.out_hidden_size,
    tokensPerSecond: vision.tokens_per_second,
    ropeTheta: vision.rope_parameters?.rope_theta ?? 10000, // a constant of the architecture before transformers 5
  };
}

/**
 * Checks the content of a `config.json` and gives it its types. Takes the flat layout of the published files and the
 * nested one (`text_config`) that transformers >= 4.52 saves.
 *
 * @param value - the parsed JSON
 * @param file - what errors call it
 * @throws Error naming file and field.
 */
export function parseConfig(value: unknown, file: string): Qwen25VlConfig {
  const top = checkFields(topSchema, value, file);
  const fields = value as Record<string, unknown>;
  const nested = fields['text_config'] !== undefined && fields['text_config'] !== null;
  const prefix = nested ? 'text_config' : '';
  const text = checkFields(textSchema, nested ? fields['text_config'] : fields, file, prefix);
  const vision = checkFields(visionSchema, fields['vision_config'], file, 'vision_config');
  // Token ids moved with the layout, but tools that edit configs set them at the top in both.
  const ids = checkFields(
    textSchema.pick({ bos_token_id: true, eos_token_id: true, pad_token_id: true }),
    fields,
    file,
  );
  return {
    text: textConfig(file, prefix, text),
    vision: visionConfig(file, vision, text.hidden_size),
    tieWordEmbeddings: top.tie_word_embeddings ?? text.tie_word_embeddings ?? false,
    imageTokenId: top.image_token_id,
    videoTokenId: top.video_token_id,
    visionStartTokenId: top.vision_start_token_id,
    visionEndTokenId: top.vision_end_token_id,
    bosTokenId: ids.bos_token_id ?? text.bos_token_id ?? null,
    eosTokenId: ids.eos_token_id ?? text.eos_token_id ?? null,
    padTokenId: ids.pad_token_id ?? text.pad_token_id ?? null,
  };
}

/** Reads `folder/config.json`; see {@link parseConfig}. */
export async function readConfig(folder: string): Promise<Qwen25VlConfig> {
  const file = join(folder, 'config.json');
  return parseConfig(await readJson(file), file);
}
