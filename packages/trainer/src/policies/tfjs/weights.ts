import * as tf from '@tensorflow/tfjs';
import { initLora, loraPairs, loraShape, type LoraOptions, type LoraShape } from '../../models/lora.js';
import type { Qwen25VlConfig } from '../../models/qwen2.5-vl/config.js';
import { buildModel, type Qwen25Vl } from '../../models/qwen2.5-vl/model.js';
import { free } from '../../models/tidy.js';

/** The tensors of a policy: the model's, those that are trained, and the reference's. */
export interface PolicyWeights {
  /** Every tensor of the model. */
  readonly base: Map<string, tf.Tensor>;
  /** The adapter, when training one. */
  lora?: { adapter: Map<string, tf.Tensor>; shape: LoraShape };
  /**
   * What the reference has in place of the trained tensors: their start at first, when full weights are trained and a reference is
   * wanted. An adapter's has none until it moves.
   */
  reference?: Map<string, tf.Tensor> | undefined;
}

/** What of a model is trained, and what is kept of its start. */
export interface WeightsOptions {
  readonly train: 'lora' | 'full';
  readonly lora?: LoraOptions;
  readonly freezeVision: boolean;
  readonly reference: boolean;
  readonly seed: string;
}

/** Takes over a model's tensors, and makes the adapter or the copy that training needs. */
export function createWeights(base: Map<string, tf.Tensor>, options: WeightsOptions): PolicyWeights {
  if (options.train === 'lora') {
    const shape = loraShape(options.lora ?? {});
    return { base, lora: { adapter: initLora(base, shape, options.seed), shape } };
  }
  if (!options.reference) return { base };
  const names = trainedNames({ base }, options.freezeVision);
  return { base, reference: new Map(names.map((name) => [name, tf.clone(base.get(name)!)])) };
}

/** The map in which trained tensors are replaced at each step. */
export function trainedTensors(weights: PolicyWeights): Map<string, tf.Tensor> {
  return weights.lora?.adapter ?? weights.base;
}

/** Names of the trained parameters. An adapter goes to the language model alone. */
export function trainedNames(weights: PolicyWeights, freezeVision: boolean): string[] {
  const names = [...trainedTensors(weights).keys()];
  return freezeVision ? names.filter((name) => !name.startsWith('model.visual.')) : names;
}

/**
 * The model as layers.
 *
 * @throws Error when the reference is asked for and none was kept.
 */
export function modelOf(config: Qwen25VlConfig, weights: PolicyWeights, which: 'policy' | 'reference'): Qwen25Vl {
  const { base, lora, reference } = weights;
  if (which === 'policy') return buildModel(config, base, lora && loraPairs(lora.adapter, lora.shape));
  // an adapter starts at zero: the model without it is the reference, until that moves
  if (lora) return buildModel(config, base, reference && loraPairs(reference, lora.shape));
  if (reference) return buildModel(config, new Map([...base, ...reference]));
  throw new Error("policy: the reference was asked for, but the policy was made without 'reference: true'");
}

/** Frees every tensor. */
export function disposeWeights({ base, lora, reference }: PolicyWeights): void {
  free([...base.values()], [...(lora?.adapter.values() ?? [])], [...(reference?.values() ?? [])]);
}
