import * as tf from '@tensorflow/tfjs';
import seedrandom from 'seedrandom';
import type { Parameters } from './gradients.js';
import type { LoraPair } from './layers/linear.js';

/** Linear layers of a decoder layer that can have an adapter. */
export const LORA_TARGETS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;

/** An adapter's shape as a user gives it. */
export interface LoraOptions {
  /** Columns of the low-rank pair. @defaultValue 16 */
  readonly rank?: number;
  /** @defaultValue twice the rank */
  readonly alpha?: number;
  /** What the pair's product is multiplied by: alpha/rank, or alpha/√rank (rsLoRA, arXiv 2312.03732). @defaultValue 'rank' */
  readonly scaling?: 'rank' | 'sqrt-rank';
  /** Which linear layers of the language model, by the last part of their name. @defaultValue all seven */
  readonly targets?: readonly string[];
}

/** An adapter's shape with every default filled in. */
export interface LoraShape {
  readonly rank: number;
  readonly alpha: number;
  readonly scaling: 'rank' | 'sqrt-rank';
  readonly targets: readonly string[];
}

/** @throws Error when the rank is not a positive integer, or a target is none of {@link LORA_TARGETS}. */
export function loraShape(options: LoraOptions): LoraShape {
  const { rank = 16, scaling = 'rank', targets = LORA_TARGETS } = options;
  if (!Number.isInteger(rank) || rank < 1) throw new Error(`loraShape: rank must be a positive integer, got ${rank}`);
  const names: readonly string[] = LORA_TARGETS;
  const unknown = targets.find((target) => !names.includes(target));
  if (targets.length === 0 || unknown !== undefined) {
    throw new Error(`loraShape: targets must be some of ${names.join(', ')}, got ${unknown ?? 'none'}`);
  }
  return { rank, alpha: options.alpha ?? 2 * rank, scaling, targets };
}

/** alpha/rank, or alpha/√rank. */
export function loraScaling(shape: LoraShape): number {
  return shape.alpha / (shape.scaling === 'rank' ? shape.rank : Math.sqrt(shape.rank));
}

/** Tensors of a model by name, of which the shapes are all that matters. */
export type TensorShapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** Names of the linear layers an adapter of this shape goes to, in the order of the model. */
export function loraModules(parameters: TensorShapes, shape: LoraShape): string[] {
  return [...parameters.keys()]
    .filter((name) => name.startsWith('model.language_model.layers.') && name.endsWith('.weight'))
    .map((name) => name.slice(0, -'.weight'.length))
    .filter((name) => shape.targets.some((target) => name.endsWith(`.${target}`)));
}

/**
 * A fresh adapter as PEFT initialises it: A uniform in ±1/√in (Kaiming with a = √5), B zero, so that the model is
 * unchanged at first.
 *
 * @param parameters - the model the adapter is for
 * @param seed - the same seed gives the same A
 * @returns `${module}.lora_A.weight` [rank, in] and `${module}.lora_B.weight` [out, rank] for each module
 */
export function initLora(parameters: Parameters, shape: LoraShape, seed: string): Map<string, tf.Tensor> {
  const adapter = new Map<string, tf.Tensor>();
  for (const module of loraModules(parameters, shape)) {
    const [out, inputs] = parameters.get(`${module}.weight`)!.shape as [number, number];
    const random = seedrandom(`${seed}/${module}`);
    const bound = 1 / Math.sqrt(inputs);
    const a = Float32Array.from({ length: shape.rank * inputs }, () => bound * (2 * random() - 1));
    adapter.set(`${module}.lora_A.weight`, tf.tensor2d(a, [shape.rank, inputs]));
    adapter.set(`${module}.lora_B.weight`, tf.zeros([out, shape.rank]));
  }
  return adapter;
}

/** An adapter's tensors as pairs by module, as {@link buildModel} takes them. */
export function loraPairs(adapter: Parameters, shape: LoraShape): Map<string, LoraPair> {
  const pairs = new Map<string, LoraPair>();
  for (const [name, a] of adapter) {
    if (!name.endsWith('.lora_A.weight')) continue;
    const module = name.slice(0, -'.lora_A.weight'.length);
    const b = adapter.get(`${module}.lora_B.weight`);
    if (!b) throw new Error(`loraPairs: "${module}" has lora_A but no lora_B`);
    pairs.set(module, { a: a as tf.Tensor2D, b: b as tf.Tensor2D, scaling: loraScaling(shape) });
  }
  return pairs;
}
