import type { TensorSpec } from '../safetensors.js';
import type { Qwen25VlConfig, TextConfig, VisionConfig } from './config.js';

/**
 * A tensor's name in the scheme used throughout: that of transformers >= 4.52 (`model.language_model.*`,
 * `model.visual.*`, `lm_head.weight`). Published files, and those that transformers 5 saves, say `model.*` and
 * `visual.*`; transformers 4.52 to 4.57 saved the names of its modules.
 */
export function normaliseName(name: string): string {
  if (name.startsWith('visual.')) return `model.${name}`;
  return name.replace(/^model\.(?!language_model\.|visual\.)/, 'model.language_model.');
}

/** The inverse of {@link normaliseName}: the name in published files and in those of transformers 5. */
export function legacyName(name: string): string {
  return name.replace(/^model\.visual\./, 'visual.').replace(/^model\.language_model\./, 'model.');
}

function linear(name: string, out: number, inputs: number, bias: boolean): TensorSpec[] {
  const weight = { name: `${name}.weight`, shape: [out, inputs] };
  return bias ? [weight, { name: `${name}.bias`, shape: [out] }] : [weight];
}

function textTensors(text: TextConfig): TensorSpec[] {
  const root = 'model.language_model';
  const hidden = text.hiddenSize;
  const queries = text.numAttentionHeads * text.headDim;
  const keys = text.numKeyValueHeads * text.headDim;
  const layer = (index: number): TensorSpec[] => {
    const at = `${root}.layers.${index}`;
    return [
      { name: `${at}.input_layernorm.weight`, shape: [hidden] },
      ...linear(`${at}.self_attn.q_proj`, queries, hidden, true),
      ...linear(`${at}.self_attn.k_proj`, keys, hidden, true),
      ...linear(`${at}.self_attn.v_proj`, keys, hidden, true),
      ...linear(`${at}.self_attn.o_proj`, hidden, queries, false),
      { name: `${at}.post_attention_layernorm.weight`, shape: [hidden] },
      ...linear(`${at}.mlp.gate_proj`, text.intermediateSize, hidden, false),
      ...linear(`${at}.mlp.up_proj`, text.intermediateSize, hidden, false),
      ...linear(`${at}.mlp.down_proj`, hidden, text.intermediateSize, false),
    ];
  };
  return [
    { name: `${root}.embed_tokens.weight`, shape: [text.vocabSize, hidden] },
    ...Array.from({ length: text.numHiddenLayers }, (_, index) => layer(index)).flat(),
    { name: `${root}.norm.weight`, shape: [hidden] },
  ];
}

function visionTensors(vision: VisionConfig): TensorSpec[] {
  const root = 'model.visual';
  const hidden = vision.hiddenSize;
  const merged = hidden * vision.spatialMergeSize ** 2;
  const block = (index: number): TensorSpec[] => {
    const at = `${root}.blocks.${index}`;
    return [
      { name: `${at}.norm1.weight`, shape: [hidden] },
      ...linear(`${at}.attn.qkv`, 3 * hidden, hidden, true),
      ...linear(`${at}.attn.proj`, hidden, hidden, true),
      { name: `${at}.norm2.weight`, shape: [hidden] },
      ...linear(`${at}.mlp.gate_proj`, vision.intermediateSize, hidden, true),
      ...linear(`${at}.mlp.up_proj`, vision.intermediateSize, hidden, true),
      ...linear(`${at}.mlp.down_proj`, hidden, vision.intermediateSize, true),
    ];
  };
  return [
    {
      name: `${root}.patch_embed.proj.weight`,
      shape: [hidden, vision.inChannels, vision.temporalPatchSize, vision.patchSize, vision.patchSize],
    },
    ...Array.from({ length: vision.depth }, (_, index) => block(index)).flat(),
    { name: `${root}.merger.ln_q.weight`, shape: [hidden] },
    ...linear(`${root}.merger.mlp.0`, merged, merged, true),
    ...linear(`${root}.merger.mlp.2`, vision.outHiddenSize, merged, true),
  ];
}

/**
 * Every tensor of a model of this config, with its shape; linear weights are [out, in]. `lm_head.weight` is among them
 * only when it is not tied to the embeddings.
 */
export function expectedTensors(config: Qwen25VlConfig): TensorSpec[] {
  const head = linear('lm_head', config.text.vocabSize, config.text.hiddenSize, false);
  return [...visionTensors(config.vision), ...textTensors(config.text), ...(config.tieWordEmbeddings ? [] : head)];
}
