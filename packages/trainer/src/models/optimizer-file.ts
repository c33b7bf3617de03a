import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { createAdamWState, type AdamWState } from './adamw.js';
import { finiteTensor } from './finite.js';
import type { Parameters } from './gradients.js';
import { openSafetensors } from './safetensors.js';
import { writeSafetensors } from './safetensors-writer.js';

/** The optimizer's state beside a checkpoint's weights. */
export const OPTIMIZER_FILE = 'optimizer.safetensors';

/** Writes the state, names as in torch: `exp_avg.<parameter>`, `exp_avg_sq.<parameter>`, the step in the metadata. */
export async function writeOptimizer(folder: string, state: AdamWState): Promise<void> {
  const sources = (prefix: string, tensors: Parameters) =>
    [...tensors].map(([name, tensor]) => ({
      name: `${prefix}.${name}`,
      shape: tensor.shape,
      data: async () => (await tensor.data()) as Float32Array,
    }));
  await writeSafetensors(
    join(folder, OPTIMIZER_FILE),
    [...sources('exp_avg', state.firstMoments), ...sources('exp_avg_sq', state.secondMoments)],
    { metadata: { format: 'pt', steps: String(state.steps) } },
  );
}

/**
 * Reads what {@link writeOptimizer} wrote.
 *
 * @param parameters - what the state belongs to
 * @throws Error naming file and tensor, when one belongs to no parameter has another shape or is not finite.
 */
export async function readOptimizer(folder: string, parameters: Parameters): Promise<AdamWState> {
  const file = await openSafetensors(join(folder, OPTIMIZER_FILE));
  const state = createAdamWState();
  state.steps = Number(file.metadata['steps']);
  if (!Number.isInteger(state.steps)) throw new Error(`${file.path}: metadata "steps": expected a whole number`);
  for (const { name, shape } of file.tensors.values()) {
    const match = /^(exp_avg|exp_avg_sq)\.(.*)$/.exec(name);
    const parameter = match && parameters.get(match[2]!);
    if (!parameter) throw new Error(`${file.path}: tensor "${name}" belongs to no trained parameter`);
    if (parameter.shape.join() !== shape.join()) {
      throw new Error(
        `${file.path}: tensor "${name}": expected shape [${parameter.shape.join(', ')}], got [${shape.join(', ')}]`,
      );
    }
    const moments = match[1] === 'exp_avg' ? state.firstMoments : state.secondMoments;
    moments.set(match[2]!, tf.tensor(finiteTensor(await file.read(name), file.path, name), [...shape]));
  }
  return state;
}
