import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { finiteTensor } from '../../models/finite.js';
import { initLora } from '../../models/lora.js';
import { openSafetensors } from '../../models/safetensors.js';
import { writeSafetensors } from '../../models/safetensors-writer.js';
import { trainedTensors, type PolicyWeights } from './weights.js';

/** The reference's weights beside a checkpoint's, once they are no longer those that training started from. */
const REFERENCE_FILE = 'reference.safetensors';

/**
 * Moves the reference towards the policy, tensor by tensor: reference ← alpha · policy + (1 − alpha) · reference. Of an adapter these
 * are A and B, not their product.
 *
 * See TR-DPO, arXiv 2404.09656, section 3; `sync_ref_model` of TRL, which takes full weights alone.
 *
 * @param seed - what the adapter's random start followed from: an adapter's reference starts there, too
 * @throws Error when full weights are trained and no reference was kept
 */
export function mixReference(weights: PolicyWeights, alpha: number, seed: string): void {
  const { base, lora } = weights;
  const reference = (weights.reference ??= lora && initLora(base, lora.shape, seed));
  if (reference === undefined) throw new Error("syncReference: the policy was made without 'reference: true'");
  const trained = trainedTensors(weights);
  for (const [name, before] of reference) {
    reference.set(
      name,
      tf.tidy(() => tf.add(tf.mul(trained.get(name)!, alpha), tf.mul(before, 1 - alpha))),
    );
    before.dispose();
  }
}

/** Writes the reference's trained weights. */
export async function writeReference(folder: string, { reference = new Map() }: PolicyWeights): Promise<void> {
  const sources = [...(reference as ReadonlyMap<string, tf.Tensor>)].map(([name, tensor]) => ({
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
export async function readReference(folder: string, weights: PolicyWeights): Promise<boolean> {
  const path = join(folder, REFERENCE_FILE);
  const expected = weights.lora?.adapter ?? weights.reference;
  if (expected === undefined || !existsSync(path)) return false;
  const file = await openSafetensors(path);
  const values = new Map<string, Float32Array>(); // all of them first: a damaged file leaves the reference as it is
  for (const name of expected.keys()) values.set(name, finiteTensor(await file.read(name), path, name));
  tf.dispose([...(weights.reference?.values() ?? [])]);
  weights.reference = new Map([...expected].map(([name, { shape }]) => [name, tf.tensor(values.get(name)!, shape)]));
  return true;
}
