import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { finalCheckpoint, latestCheckpoint, type Checkpoint } from '../checkpoints.js';
import { newestRun, readRunSettings, SETTINGS_FILE } from '../config/run-folder.js';
import { modelSchema, type Settings } from '../config/schema.js';
import { readPeftInfo } from '../models/peft.js';
import type { Policy } from '../policies/policy.js';
import type { Parts, SamplingPurpose } from './parts.js';

/**
 * The trained model of a run: its final one, else its last checkpoint.
 *
 * @throws when there is neither
 */
export function trainedCheckpoint(run: string): Checkpoint {
  const found = finalCheckpoint(run) ?? latestCheckpoint(run);
  if (found === undefined) throw new Error(`${run}: has no checkpoint yet`);
  return found;
}

/** A folder to load a model from, with the settings of the run it belongs to, if it does. */
export interface ChosenCheckpoint {
  readonly folder: string;
  readonly settings: Settings | undefined;
}

/** The folder a user named, or the newest run's trained model. */
export function chooseCheckpoint(named: string | undefined): ChosenCheckpoint {
  if (named === undefined) {
    const run = newestRun();
    return { folder: trainedCheckpoint(run).folder, settings: readRunSettings(run) };
  }
  if (!existsSync(named)) throw new Error(`${named}: no such checkpoint folder`);
  if (existsSync(join(named, SETTINGS_FILE))) {
    return { folder: trainedCheckpoint(named).folder, settings: readRunSettings(named) };
  }
  // run/final or run/checkpoints/step-000050
  const run = [dirname(named), dirname(dirname(named))].find((folder) => existsSync(join(folder, SETTINGS_FILE)));
  return { folder: named, settings: run === undefined ? undefined : readRunSettings(run) };
}

/**
 * Opens a checkpoint to ask it questions; an adapter is put on the model it was trained on.
 *
 * @param sampling - where answers are drawn. Default: by the model itself
 */
export async function openCheckpoint(
  { folder, settings }: ChosenCheckpoint,
  parts: Parts,
  sampling?: SamplingPurpose,
): Promise<Policy> {
  const purpose = { reference: false, seed: 'score', ...(sampling && { sampling }) };
  const adapter = join(folder, 'adapter_config.json');
  if (!existsSync(adapter)) {
    return parts.openPolicy(modelSchema.parse({ ...settings?.model, checkpoint: folder, train: 'full' }), purpose);
  }
  const policy = await parts.openPolicy(settings?.model ?? (await modelOf(folder, adapter)), purpose);
  await policy.load(folder);
  return policy;
}

/** The model of an adapter that belongs to no run: all that is known of it stands in its own folder. */
export async function modelOf(folder: string, config: string): Promise<Settings['model']> {
  const { shape, baseModel } = await readPeftInfo(folder);
  const field = `${config}: field "base_model_name_or_path"`;
  if (baseModel === undefined)
    throw new Error(`${field}: missing; it must name the folder of the adapter's base model`);
  if (!existsSync(baseModel)) {
    throw new Error(`${field}: no such folder: ${baseModel}; a relative one is looked for in the working directory`);
  }
  const { rank, alpha, targets } = shape;
  return modelSchema.parse({ checkpoint: baseModel, train: 'lora', lora: { rank, alpha, targets } });
}
