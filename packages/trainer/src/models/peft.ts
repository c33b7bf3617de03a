import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { checkFields } from './check-fields.js';
import { readJson, writeJson } from './files.js';
import { finiteTensor } from './finite.js';
import type { Parameters } from './gradients.js';
import { LORA_TARGETS, loraModules, type LoraShape, type TensorShapes } from './lora.js';
import { legacyName, normaliseName } from './qwen2.5-vl/tensors.js';
import { openSafetensors } from './safetensors.js';
import { writeSafetensors } from './safetensors-writer.js';

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';
const PREFIX = 'base_model.model.';

/** What a PEFT folder says besides the adapter itself. */
export interface PeftOptions {
  /** What `base_model_name_or_path` says: the checkpoint the adapter belongs to. */
  readonly baseModel: string;
  /** Tensor names of transformers >= 4.52, or those before. @defaultValue 'current' */
  readonly names?: 'current' | 'legacy';
}

/**
 * Writes an adapter as a folder that PEFT and vLLM load.
 *
 * @param adapter - `${module}.lora_A.weight` and `${module}.lora_B.weight`, as {@link initLora} names them
 */
export async function writePeft(
  folder: string,
  adapter: Parameters,
  shape: LoraShape,
  options: PeftOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const legacy = options.names === 'legacy';
  const sources = [...adapter].map(([name, tensor]) => ({
    name: PREFIX + (legacy ? legacyName(name) : name),
    shape: tensor.shape,
    data: async () => (await tensor.data()) as Float32Array,
  }));
  await writeSafetensors(join(folder, WEIGHTS), sources);
  // Names such as gate_proj occur in the vision tower too, so the modules are given as a pattern of whole names.
  const targets = `(${shape.targets.join('|')})`;
  await writeJson(join(folder, CONFIG), {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: options.baseModel,
    r: shape.rank,
    lora_alpha: shape.alpha,
    lora_dropout: 0,
    use_rslora: shape.scaling === 'sqrt-rank',
    target_modules: legacy ? `^(?!.*visual).*layers.*\\.${targets}` : `.*language_model.*\\.${targets}`,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    use_dora: false,
    modules_to_save: null,
    rank_pattern: {},
    alpha_pattern: {},
    layers_to_transform: null,
    layers_pattern: null,
  });
}

const schema = z.looseObject({
  peft_type: z.literal('LORA'),
  base_model_name_or_path: z.string().nullish(),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().nullish(),
  use_dora: z.literal(false).nullish(),
  lora_bias: z.literal(false).nullish(),
  fan_in_fan_out: z.literal(false).nullish(),
  bias: z.literal('none').nullish(),
  modules_to_save: z.union([z.null(), z.array(z.string()).max(0)]).optional(),
  rank_pattern: z.record(z.string(), z.never()).nullish(),
  alpha_pattern: z.record(z.string(), z.never()).nullish(),
});

/** What a PEFT folder says of its adapter. */
export interface PeftInfo {
  readonly shape: LoraShape;
  /** The checkpoint the adapter belongs to, when the folder says so. */
  readonly baseModel: string | undefined;
}

/**
 * Reads what an adapter is, without its values. Its targets are those that have tensors: `target_modules` may be a list
 * of names or a pattern.
 *
 * @throws Error naming file and field, when it is no plain LoRA.
 */
export async function readPeftInfo(folder: string): Promise<PeftInfo> {
  const { shape, baseModel } = await openPeft(folder);
  return { shape, baseModel };
}

async function openPeft(folder: string) {
  const file = join(folder, CONFIG);
  const data = checkFields(schema, await readJson(file), file);
  const { r: rank, lora_alpha: alpha, use_rslora: rslora, base_model_name_or_path: base } = data;
  const weights = await openSafetensors(join(folder, WEIGHTS));
  const stored = new Map([...weights.tensors.keys()].map((name) => [internalName(name), name]));
  const targets = LORA_TARGETS.filter((target) => [...stored.keys()].some((name) => name.includes(`.${target}.`)));
  const shape: LoraShape = { rank, alpha, scaling: rslora === true ? 'sqrt-rank' : 'rank', targets };
  return { weights, stored, shape, baseModel: base ?? undefined };
}

/**
 * Reads an adapter that PEFT or {@link writePeft} wrote, with either kind of tensor names.
 *
 * @param parameters - the model it is to fit
 * @throws Error naming file and field, when it is no plain LoRA of this model's language part or a tensor is missing,
 * misshapen, not finite or of no known layer.
 */
export async function readPeft(
  folder: string,
  parameters: TensorShapes,
): Promise<{ readonly adapter: Map<string, tf.Tensor>; readonly shape: LoraShape }> {
  const { weights, stored, shape } = await openPeft(folder);
  const { rank } = shape;
  const adapter = new Map<string, tf.Tensor>();
  for (const module of loraModules(parameters, shape)) {
    const [out, inputs] = parameters.get(`${module}.weight`)!.shape as [number, number];
    for (const [part, expected] of [
      ['lora_A', [rank, inputs]],
      ['lora_B', [out, rank]],
    ] as const) {
      const name = `${module}.${part}.weight`;
      const info = weights.tensors.get(stored.get(name) ?? '');
      if (!info) throw new Error(`${weights.path}: missing tensor "${PREFIX}${name}"`);
      if (info.shape.join() !== expected.join()) {
        const got = info.shape.join(', ');
        throw new Error(
          `${weights.path}: tensor "${info.name}": expected shape [${expected.join(', ')}], got [${got}]`,
        );
      }
      adapter.set(name, tf.tensor(finiteTensor(await weights.read(info.name), weights.path, info.name), [...expected]));
      stored.delete(name);
    }
  }
  const left = [...stored.values()][0];
  if (left !== undefined)
    throw new Error(`${weights.path}: tensor "${left}" belongs to no layer of the language model`);
  return { adapter, shape };
}

/** `base_model.model.model.layers.0.….lora_A.default.weight` → `model.language_model.layers.0.….lora_A.weight` */
function internalName(name: string): string {
  const bare = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  return normaliseName(bare).replace('.default.weight', '.weight');
}
