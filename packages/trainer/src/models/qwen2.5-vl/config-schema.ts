import { z } from 'zod';

const count = z.int().positive();
const tokenId = z.int().nonnegative();
const rope = z.looseObject({
  type: z.string().optional(),
  rope_type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  mrope_section: z.tuple([count, count, count]).optional(),
});

/** Fields of the language model: at the top level of the flat layout, in `text_config` of the nested one. */
export const textSchema = z.object({
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.optional(),
  vocab_size: count,
  rms_norm_eps: z.number().positive(),
  max_position_embeddings: count,
  rope_theta: z.number().positive().optional(),
  rope_scaling: rope.nullish(), // transformers < 5
  rope_parameters: rope.nullish(), // transformers >= 5
  hidden_act: z.literal('silu').default('silu'),
  use_sliding_window: z.literal(false).default(false),
  layer_types: z.array(z.literal('full_attention')).nullish(),
  tie_word_embeddings: z.boolean().optional(),
  bos_token_id: tokenId.nullish(),
  eos_token_id: z.union([tokenId, z.array(tokenId)]).nullish(),
  pad_token_id: tokenId.nullish(),
});

/** Fields of `vision_config`. */
export const visionSchema = z.object({
  depth: count,
  hidden_size: count,
  intermediate_size: count,
  num_heads: count,
  in_channels: count.default(3), // published files say `in_chans`, which transformers ignores
  patch_size: count,
  temporal_patch_size: count.default(2),
  spatial_merge_size: count,
  window_size: count,
  fullatt_block_indexes: z.array(z.int().nonnegative()),
  out_hidden_size: count,
  tokens_per_second: z.number().positive().default(4), // the default of transformers' class
  hidden_act: z.literal('silu').default('silu'),
  rope_parameters: rope.nullish(),
});

/** Fields that stand at the top level in both layouts. */
export const topSchema = z.object({
  model_type: z.literal('qwen2_5_vl'),
  image_token_id: tokenId,
  video_token_id: tokenId,
  vision_start_token_id: tokenId,
  vision_end_token_id: tokenId,
  tie_word_embeddings: z.boolean().optional(),
});
