import { matmulPrecision } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import { mergeLinear, type Linear } from '../layers/linear.js';
import type { RmsNorm } from '../layers/rms-norm.js';
import type { DecoderLayer } from './decoder-layer.js';
import type { Qwen25Vl } from './model.js';

/** What sampling multiplies by, the same for all steps. */
export interface LanguageWeights {
  /** [V, D] */
  readonly embedding: tf.Tensor2D;
  readonly layers: readonly DecoderLayer[];
  readonly finalNorm: RmsNorm;
  readonly head: Linear;
}

/** A model's language part. Nothing is copied. */
export function languageWeights({ embedding, layers, finalNorm, head, headName }: Qwen25Vl): LanguageWeights {
  return { embedding, layers, finalNorm, head: { name: headName, weight: head } };
}

/** Matrices with LoRA merged and transposed, by layer and name, see {@link mergeLinear}. */
export interface MergedMatrices {
  readonly layers: readonly Readonly<Record<string, tf.Tensor2D>>[];
  readonly head: tf.Tensor2D;
}

const MATRICES = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] as const;

/**
 * Merges, where that pays: sampling multiplies by each matrix some hundred times before it changes. The copy is as large
 * as the model, so TensorFlow, whose products take transposed matrices as they are, merges up to 64 million values only. What is
 * multiplied in bfloat16 stays as training has it.
 */
export function mergeMatrices({ layers, head }: LanguageWeights): MergedMatrices | undefined {
  const values = layers.flatMap((layer) => MATRICES.map((name) => layer[name])).concat(head);
  const size = values.reduce((sum, { weight }) => sum + weight.size, 0);
  if (tf.getBackend() === 'tensorflow' && (size > 1 << 26 || matmulPrecision(head.weight) === 'bfloat16'))
    return undefined;
  return {
    layers: layers.map((layer) => Object.fromEntries(MATRICES.map((name) => [name, mergeLinear(layer[name])]))),
    head: mergeLinear(head),
  };
}

/** The same weights with merged matrices beside them. */
export function withMerged(weights: LanguageWeights, merged: MergedMatrices | undefined): LanguageWeights {
  if (merged === undefined) return weights;
  const layers = weights.layers.map((layer, index) => {
    const parts = MATRICES.map((name) => [name, { ...layer[name], merged: merged.layers[index]![name]! }] as const);
    return { ...layer, ...(Object.fromEntries(parts) as Record<(typeof MATRICES)[number], Linear>) };
  });
  return { ...weights, layers, head: { ...weights.head, merged: merged.head } };
}
