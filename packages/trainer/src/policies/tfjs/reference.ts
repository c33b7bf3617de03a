import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { finiteTensor } from '../../models/finite.js';
import { openSafetensors } from '../../models/safetensors.js';
import { writeSafetensors } from '../../models/safetensors-writer.js';
import { trainedTensors, type PolicyWeights } from './weights.js';

/** The reference's weights beside a checkpoint's, once they are no longer those that training started from. */
const REFERENCE_FILE = 'reference.safetensors';

/**
 * Moves the reference towards the policy: reference ← alpha · policy + (1 − alpha) · reference.
 *
 * See TR-DPO, arXiv 2404.09656, section 3; `sync_ref_model` of TRL.
 *
 * @throws Error when the policy keeps no reference weights of its own
 */
export function mixReference(weights: PolicyWeights, alpha: number): void {
  const { start } = weights;
  if (start === undefined) {
    throw new Error("syncReference: needs reference weights of their own: train: 'full' and reference: true");
  }
  const trained = trainedTensors(weights);
  for (const [name, before] of start) {
    start.set(
      name,
      tf.tidy(() => tf.add(tf.mul(trained.get(name)!, alpha), tf.mul(before, 1 - alpha))),
    );
    before.dispose();
  }
}

/** Writes the reference's trained weights. */
export async function writeReference(folder: string, { start = new Map() }: PolicyWeights): Promise<void> {
  const sources = [...(start as ReadonlyMap<string, tf.Tensor>)].map(([name, tensor]) => ({
    name,
    shape: tensor.shape,
    data: async () => (await tensor.data()) as Float32Array,
  }));
  await writeSafetensors(join(folder, REFERENCE_FILE), sources, { metadata: { format: 'pt' } });
}

/**
 * Reads what {@link writeReference} wrote into the place of the present reference.
 *
 * @returns whether there was any
 */
export async function readReference(folder: string, { start }: PolicyWeights): Promise<boolean> {
  const path = join(folder, REFERENCE_FILE);
  if (start === undefined || !existsSync(path)) return false;
  const file = await openSafetensors(path);
  for (const [name, before] of start) {
    start.set(name, tf.tensor(finiteTensor(await file.read(name), path, name), before.shape));
    before.dispose();
  }
  return true;
}
