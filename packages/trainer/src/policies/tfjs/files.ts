import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { matmulPrecision } from '@q-insight/tensorflow';
import { createAdamWState, type AdamWState } from '../../models/adamw.js';
import { firstNonFinite } from '../../models/finite.js';
import type { Parameters } from '../../models/gradients.js';
import { OPTIMIZER_FILE, readOptimizer } from '../../models/optimizer-file.js';
import { readPeft, writePeft } from '../../models/peft.js';
import type { Qwen25VlConfig } from '../../models/qwen2.5-vl/config.js';
import { uploadParameters } from '../../models/qwen2.5-vl/parameters.js';
import { openCheckpoint, saveCheckpoint } from '../../models/qwen2.5-vl/weights.js';
import { free } from '../../models/tidy.js';
import { trainedNames, trainedTensors, type PolicyWeights } from './weights.js';

/**
 * Writes a PEFT folder when an adapter is trained, else a Hugging Face folder with the companion files of the checkpoint
 * that training started from.
 *
 * @throws Error naming the tensor, before anything is written, when a trained weight is not finite.
 */
export async function saveWeights(
  folder: string,
  config: Qwen25VlConfig,
  weights: PolicyWeights,
  checkpoint: string,
): Promise<void> {
  await checkWeights(trainedTensors(weights));
  if (weights.lora) {
    await writePeft(folder, weights.lora.adapter, weights.lora.shape, { baseModel: checkpoint });
  } else {
    const read = async (name: string): Promise<Float32Array> => (await weights.base.get(name)!.data()) as Float32Array;
    await saveCheckpoint(folder, config, read, { companionsFrom: checkpoint });
  }
}

async function checkWeights(trained: Parameters): Promise<void> {
  for (const [name, tensor] of trained) {
    const bad = firstNonFinite(await tensor.data());
    if (bad === undefined) continue;
    throw new Error(
      `save: tensor "${name}" holds ${bad}, so nothing is saved; the weights have diverged, most likely because ` +
        'optimizer.learningRate is too high',
    );
  }
}

/**
 * Puts what {@link saveWeights} wrote, or an adapter that PEFT wrote, in the place of the present weights, each in the type that it
 * has now.
 *
 * @returns the optimizer's state; that before the first step when the folder has none
 */
export async function loadWeights(
  folder: string,
  config: Qwen25VlConfig,
  weights: PolicyWeights,
  freezeVision: boolean,
): Promise<AdamWState> {
  if (weights.lora) {
    const loaded = await readPeft(folder, weights.base);
    free([...weights.lora.adapter.values()]);
    weights.lora = loaded;
  } else {
    const narrow = (name: string) => matmulPrecision(weights.base.get(name)!);
    const loaded = await uploadParameters(config, await openCheckpoint(folder), narrow);
    for (const [name, tensor] of loaded) {
      weights.base.get(name)!.dispose();
      weights.base.set(name, tensor);
    }
  }
  const hasOptimizer = await stat(join(folder, OPTIMIZER_FILE)).then(
    () => true,
    () => false,
  );
  if (!hasOptimizer) return createAdamWState();
  const trained = trainedTensors(weights);
  const names = trainedNames(weights, freezeVision);
  return readOptimizer(folder, new Map(names.map((name) => [name, trained.get(name)!])));
}
