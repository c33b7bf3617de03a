import * as tf from '@tensorflow/tfjs';
import type { Parameters } from '../gradients.js';
import type { Linear, LoraPair } from '../layers/linear.js';
import type { RmsNorm } from '../layers/rms-norm.js';
import type { Qwen25VlConfig, TextConfig, VisionConfig } from './config.js';
import type { DecoderLayer } from './decoder-layer.js';
import type { VisionBlock } from './vision-block.js';
import type { VisionTower } from './vision.js';

/** The name of the embedding matrix [V, D]. */
export const EMBEDDING = 'model.language_model.embed_tokens.weight';
/** The name of the output head [V, D], which a tied model does not have. */
export const HEAD = 'lm_head.weight';

const VISION_EPSILON = 1e-6; // a constant of the architecture, not in config.json

/** Qwen2.5-VL as layers over tensors that belong to someone else. */
export interface Qwen25Vl {
  readonly config: Qwen25VlConfig;
  readonly vision: VisionTower;
  /** [V, D] */
  readonly embedding: tf.Tensor2D;
  readonly layers: readonly DecoderLayer[];
  readonly finalNorm: RmsNorm;
  /** [V, D]; the embedding matrix when tied. */
  readonly head: tf.Tensor2D;
  /** Under which name the head's gradient counts. */
  readonly headName: string;
}

/** Low-rank pairs by the name of the linear layer they belong to. */
export type LoraPairs = ReadonlyMap<string, LoraPair>;

/**
 * Arranges parameters as layers. Costs nothing: no tensor is copied.
 *
 * @param parameters - every tensor of the model, by name
 * @param lora - pairs to add, if any
 * @throws Error naming a missing tensor.
 */
export function buildModel(config: Qwen25VlConfig, parameters: Parameters, lora?: LoraPairs): Qwen25Vl {
  const parts = namedParts(parameters, lora);
  const headName = config.tieWordEmbeddings ? EMBEDDING : HEAD;
  const embedding = parts.matrix(EMBEDDING);
  return {
    config,
    vision: visionTower(config.vision, parts),
    embedding,
    layers: Array.from({ length: config.text.numHiddenLayers }, (_, i) => decoderLayer(i, config.text, parts)),
    finalNorm: parts.norm('model.language_model.norm', config.text.rmsNormEps),
    head: config.tieWordEmbeddings ? embedding : parts.matrix(HEAD),
    headName,
  };
}

interface NamedParts {
  matrix(name: string): tf.Tensor2D;
  linear(name: string): Linear;
  norm(name: string, epsilon: number): RmsNorm;
}

function namedParts(parameters: Parameters, lora: LoraPairs | undefined): NamedParts {
  const tensor = (name: string): tf.Tensor => {
    const found = parameters.get(name);
    if (!found) throw new Error(`buildModel: missing tensor "${name}"`);
    return found;
  };
  const matrix = (name: string): tf.Tensor2D => tensor(name) as tf.Tensor2D;
  return {
    matrix,
    linear: (name) => {
      const bias = parameters.get(`${name}.bias`) as tf.Tensor1D | undefined;
      const pair = lora?.get(name);
      const weight = matrix(`${name}.weight`);
      return { name, weight, ...(bias && { bias }), ...(pair && { lora: pair }) };
    },
    norm: (name, epsilon) => ({ name, weight: tensor(`${name}.weight`) as tf.Tensor1D, epsilon }),
  };
}

function decoderLayer(index: number, text: TextConfig, parts: NamedParts): DecoderLayer {
  const at = `model.language_model.layers.${index}`;
  return {
    inputNorm: parts.norm(`${at}.input_layernorm`, text.rmsNormEps),
    q: parts.linear(`${at}.self_attn.q_proj`),
    k: parts.linear(`${at}.self_attn.k_proj`),
    v: parts.linear(`${at}.self_attn.v_proj`),
    o: parts.linear(`${at}.self_attn.o_proj`),
    postNorm: parts.norm(`${at}.post_attention_layernorm`, text.rmsNormEps),
    gate: parts.linear(`${at}.mlp.gate_proj`),
    up: parts.linear(`${at}.mlp.up_proj`),
    down: parts.linear(`${at}.mlp.down_proj`),
  };
}

function visionTower(config: VisionConfig, parts: NamedParts): VisionTower {
  const root = 'model.visual';
  return {
    config,
    patchEmbed: parts.linear(`${root}.patch_embed.proj`),
    blocks: Array.from({ length: config.depth }, (_, i) => visionBlock(i, config, parts)),
    mergerNorm: parts.norm(`${root}.merger.ln_q`, VISION_EPSILON),
    merger0: parts.linear(`${root}.merger.mlp.0`),
    merger2: parts.linear(`${root}.merger.mlp.2`),
  };
}

function visionBlock(index: number, config: VisionConfig, parts: NamedParts): VisionBlock {
  const at = `model.visual.blocks.${index}`;
  return {
    norm1: parts.norm(`${at}.norm1`, VISION_EPSILON),
    qkv: parts.linear(`${at}.attn.qkv`),
    proj: parts.linear(`${at}.attn.proj`),
    norm2: parts.norm(`${at}.norm2`, VISION_EPSILON),
    gate: parts.linear(`${at}.mlp.gate_proj`),
    up: parts.linear(`${at}.mlp.up_proj`),
    down: parts.linear(`${at}.mlp.down_proj`),
    heads: config.numHeads,
  };
}
