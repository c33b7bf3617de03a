import { join } from 'node:path';
import { writeJson } from '../files.js';
import type { Qwen25VlConfig } from './config.js';

/** The JSON of a config: nested, with the rope fields of transformers 5 and of 4.52 both, so that either loads it. */
export function configToJson(config: Qwen25VlConfig, dtype: 'float32' | 'bfloat16'): Record<string, unknown> {
  const { text, vision } = config;
  const ids = { bos_token_id: config.bosTokenId, eos_token_id: config.eosTokenId, pad_token_id: config.padTokenId };
  return {
    architectures: ['Qwen2_5_VLForConditionalGeneration'],
    model_type: 'qwen2_5_vl',
    dtype,
    torch_dtype: dtype,
    tie_word_embeddings: config.tieWordEmbeddings,
    image_token_id: config.imageTokenId,
    video_token_id: config.videoTokenId,
    vision_start_token_id: config.visionStartTokenId,
    vision_end_token_id: config.visionEndTokenId,
    ...ids,
    text_config: {
      model_type: 'qwen2_5_vl_text',
      hidden_size: text.hiddenSize,
      intermediate_size: text.intermediateSize,
      num_hidden_layers: text.numHiddenLayers,
      num_attention_heads: text.numAttentionHeads,
      num_key_value_heads: text.numKeyValueHeads,
      vocab_size: text.vocabSize,
      rms_norm_eps: text.rmsNormEps,
      rope_theta: text.ropeTheta,
      rope_scaling: { type: 'default', rope_type: 'default', mrope_section: text.mropeSection },
      rope_parameters: { rope_type: 'default', rope_theta: text.ropeTheta, mrope_section: text.mropeSection },
      max_position_embeddings: text.maxPositionEmbeddings,
      hidden_act: 'silu',
      attention_dropout: 0,
      use_sliding_window: false,
      sliding_window: null,
      tie_word_embeddings: config.tieWordEmbeddings,
      ...ids,
    },
    vision_config: {
      model_type: 'qwen2_5_vl',
      depth: vision.depth,
      hidden_size: vision.hiddenSize,
      intermediate_size: vision.intermediateSize,
      num_heads: vision.numHeads,
      in_channels: vision.inChannels,
      patch_size: vision.patchSize,
      temporal_patch_size: vision.temporalPatchSize,
      spatial_merge_size: vision.spatialMergeSize,
      window_size: vision.windowSize,
      fullatt_block_indexes: vision.fullattBlockIndexes,
      out_hidden_size: vision.outHiddenSize,
      tokens_per_second: vision.tokensPerSecond,
      hidden_act: 'silu',
    },
  };
}

/** Writes `folder/config.json`; see {@link configToJson}. */
export async function writeConfig(
  folder: string,
  config: Qwen25VlConfig,
  dtype: 'float32' | 'bfloat16' = 'float32',
): Promise<void> {
  await writeJson(join(folder, 'config.json'), configToJson(config, dtype));
}
