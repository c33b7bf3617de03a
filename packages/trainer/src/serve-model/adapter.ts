import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { adamWStep, clipScale, createAdamWState, gradientNorm, type AdamWState } from '../models/adamw.js';
import { createGradients, type Gradients } from '../models/gradients.js';
import type { LoraShape } from '../models/lora.js';
import { writeOptimizer } from '../models/optimizer-file.js';
import { whatToKeep } from '../models/qwen2.5-vl/activations.js';
import type { Qwen25Vl } from '../models/qwen2.5-vl/model.js';
import { free } from '../models/tidy.js';
import { loadWeights, saveWeights } from '../policies/tfjs/files.js';
import { runPass } from '../policies/tfjs/programs.js';
import { createWeights, modelOf, trainedNames, type PolicyWeights } from '../policies/tfjs/weights.js';
import type { AdamParams, Datum, ForwardBackwardOutput } from '../policies/tinker/protocol/messages.js';
import type { BaseModel } from './base-model.js';
import { packSplit, splitDatum, type SplitSequence } from './datums.js';
import type { LossFunction } from './losses.js';
import { userError } from './refusal.js';

/** What an adapter is made from. */
export interface AdapterOptions {
  readonly rank: number;
  readonly seed: string;
  readonly targets: readonly string[];
}

/** Scale of every adapter, over its rank. The protocol has no field for it; SkyRL takes the same. */
export const LORA_ALPHA = 32;

/** Sequences that go through the model together. */
const MICRO_BATCH = 16;

/** A model to be trained: an adapter beside the base, with its gradients and its optimizer. */
export interface Adapter {
  rank(): number;
  /** Log-probs of every position's target; adds to the gradients unless it only goes forward. */
  pass(datums: readonly Datum[], loss: LossFunction, direction: 'both' | 'forward'): Promise<ForwardBackwardOutput>;
  /** One step of AdamW from the gradients, which are then cleared. */
  step(options: AdamParams): Promise<Record<string, number>>;
  /** The weights as they are now. */
  snapshot(): Snapshot;
  save(folder: string, content: 'resumable' | 'weights'): Promise<void>;
  load(folder: string, content: 'resumable' | 'weights'): Promise<void>;
  dispose(): void;
}

/** Weights that no longer change. */
export interface Snapshot {
  model(): Qwen25Vl;
  dispose(): void;
}

/** A fresh adapter, or the base itself when none of its values is changed. */
export function createAdapter(base: BaseModel, { rank, seed, targets }: AdapterOptions): Adapter {
  const lora = { rank, alpha: LORA_ALPHA, targets };
  const options = { train: 'lora', lora, freezeVision: true, reference: false, seed } as const;
  const weights = createWeights(base.tensors, options);
  let optimizer = createAdamWState();
  let gradients = createGradients(new Set(trainedNames(weights, true)));
  const clearOptimizer = (next: AdamWState): void => {
    free([...optimizer.firstMoments.values()], [...optimizer.secondMoments.values()]);
    optimizer = next;
  };

  return {
    rank: () => weights.lora!.shape.rank,
    pass: async (datums, loss, direction) => {
      const outputs: ForwardBackwardOutput['loss_fn_outputs'] = [];
      const sequences = await Promise.all(datums.map((datum) => splitDatum(datum, base)));
      const model = modelOf(base.config, weights, 'policy');
      let sum = 0;
      for (let at = 0; at < datums.length; at += MICRO_BATCH) {
        const part = sequences.slice(at, at + MICRO_BATCH);
        const own = datums.slice(at, at + MICRO_BATCH);
        const { logprobs, value } = await passOver(base, model, gradients, part, own, loss, direction);
        sum += value;
        for (const data of logprobs) outputs.push({ logprobs: { data, dtype: 'float32', shape: [data.length] } });
      }
      return { loss_fn_output_type: 'scalar', loss_fn_outputs: outputs, metrics: { 'loss:sum': sum } };
    },
    step: async ({ learning_rate, beta1, beta2, eps, weight_decay, grad_clip_norm }) => {
      const norm = await gradientNorm(gradients.sums);
      if (!Number.isFinite(norm)) {
        gradients.clear();
        throw userError(`optim_step: the gradient norm is ${norm}; the weights are left as they were`);
      }
      const scale = clipScale(norm, grad_clip_norm || Infinity);
      const settings = { betas: [beta1, beta2] as const, epsilon: eps, weightDecay: weight_decay };
      adamWStep(weights.lora!.adapter, gradients.sums, optimizer, learning_rate, scale, settings);
      gradients.clear();
      return { 'grad_norm:mean': norm, 'learning_rate:mean': learning_rate };
    },
    snapshot: () => snapshotOf(base, weights),
    save: async (folder, content) => {
      await mkdir(folder, { recursive: true });
      await saveWeights(folder, base.config, weights, base.checkpoint);
      if (content === 'resumable') await writeOptimizer(folder, optimizer);
    },
    load: async (folder, content) => {
      clearOptimizer(await loadWeights(folder, base.config, weights, true));
      if (content === 'weights') clearOptimizer(createAdamWState());
      gradients.clear();
      gradients = createGradients(new Set(trainedNames(weights, true)));
    },
    dispose: () => {
      gradients.clear();
      clearOptimizer(createAdamWState());
      free([...weights.lora!.adapter.values()]);
    },
  };
}

/** Weights of an adapter at this moment: the tensors are shared until they are replaced. */
function snapshotOf(base: BaseModel, weights: PolicyWeights): Snapshot {
  const { adapter, shape } = weights.lora!;
  const copy = new Map([...adapter].map(([name, tensor]) => [name, tf.clone(tensor)]));
  return frozenAdapter(base, copy, shape);
}

function frozenAdapter(base: BaseModel, adapter: Map<string, tf.Tensor>, shape: LoraShape): Snapshot {
  return {
    model: () => modelOf(base.config, { base: base.tensors, lora: { adapter, shape } }, 'policy'),
    dispose: () => free([...adapter.values()]),
  };
}

/** The base without any adapter. */
export function baseSnapshot(base: BaseModel): Snapshot {
  return { model: () => modelOf(base.config, { base: base.tensors }, 'policy'), dispose: () => undefined };
}

/** The weights of a saved adapter. */
export async function loadSnapshot(base: BaseModel, folder: string, rank: number): Promise<Snapshot> {
  const options = { train: 'lora', lora: { rank }, freezeVision: true, reference: false } as const;
  const weights = createWeights(base.tensors, { ...options, seed: randomBytes(4).toString('hex') });
  const { firstMoments, secondMoments } = await loadWeights(folder, base.config, weights, true);
  free([...firstMoments.values()], [...secondMoments.values()]);
  return frozenAdapter(base, weights.lora!.adapter, weights.lora!.shape);
}

async function passOver(
  base: BaseModel,
  model: Qwen25Vl,
  gradients: Gradients,
  sequences: readonly SplitSequence[],
  datums: readonly Datum[],
  loss: LossFunction,
  direction: 'both' | 'forward',
): Promise<{ readonly logprobs: number[][]; readonly value: number }> {
  const batch = packSplit(sequences, base);
  const images = await base.embeddings.read(batch.prompts, model.vision);
  const keep = direction === 'forward' ? 'nothing' : whatToKeep(batch.layout, base.config.text);
  const pass = runPass(batch, images, model, gradients, { keep });
  images.dispose();
  const flat = await pass.logprobs.data();
  pass.logprobs.dispose();
  let taken = 0;
  const logprobs = sequences.map(({ targets }) => [...flat.subarray(taken, (taken += targets.length))]);
  try {
    const { loss: value, gradient } = loss(logprobs, datums);
    if (direction === 'both') pass.backward(Float32Array.from(gradient.flat())).dispose();
    return { logprobs, value };
  } catch (error) {
    pass.dispose();
    throw userError((error as Error).message);
  }
}
