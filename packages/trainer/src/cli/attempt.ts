import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint } from '../checkpoints.js';
import { SETTINGS_FILE, writeRunSettings } from '../config/run-folder.js';
import type { Settings } from '../config/schema.js';
import type { Fingerprints } from '../data/fingerprints.js';
import type { Dataset } from '../data/prompt.js';
import { train, type TrainingResult } from '../loop.js';
import { PolicyLost } from '../policies/policy-lost.js';
import type { RunEvent } from '../tracking/events.js';
import { openTrackers } from '../tracking/trackers.js';
import { hasImageRecords, recordImages, type ImageRecords } from '../training/image-records.js';
import { lossOptions } from '../training/loss-options.js';
import { rewardsOf } from '../training/rewards.js';
import { listenForInterrupt } from './interrupt.js';
import { greedyFigures } from './judge-policy.js';
import { withMemoryAdvice } from './out-of-memory.js';
import { samplingOf, type Parts } from './parts.js';

/** What every attempt at a run works with. */
export interface AttemptOptions {
  readonly settings: Settings;
  readonly folder: string;
  readonly dataset: Dataset;
  readonly heldOut: Dataset;
  readonly fingerprints: Fingerprints;
  /** When the run was begun, by `performance.now()`: its time limit goes over all attempts. */
  readonly began: number;
  readonly parts: Parts;
  readonly say: (text: string) => void;
}

/** How an attempt ended. */
export interface Attempt extends TrainingResult {
  /** Tells the run's trackers of what comes after. */
  readonly tell: (event: RunEvent) => Promise<void>;
  /** That of the signal that interrupted it. */
  readonly exitCode: number | undefined;
}

/**
 * Opens the policy and trains it, from a checkpoint or from the start, as far as it gets.
 *
 * @throws {PolicyLost} when another attempt may go on
 */
export async function attempt(from: Checkpoint | undefined, options: AttemptOptions): Promise<Attempt> {
  const { folder, dataset, heldOut, fingerprints, parts, say } = options;
  const settings = withTimeLeft(options.settings, options.began);
  const { model, optimizer, seed, grpo, timeLimitMinutes } = settings;
  const trackers = openTrackers(folder, settings, timeLimitMinutes === undefined ? {} : { timeLimit: timeLimitMinutes * 60 }); // prettier-ignore
  const tell = async (event: RunEvent) => {
    for (const track of trackers) await track(event);
  };
  const { beta, native: nativeLoss } = lossOptions(grpo, settings.sampler.kind, model.tinker?.loss);
  const { temperature, staleness } = grpo;
  const sampling = { ...samplingOf(settings, folder), temperature, versions: staleness + 1 };
  const purpose = { reference: beta > 0, seed: `${seed}/model`, optimizer, sampling, nativeLoss };
  const policy = await parts.openPolicy(model, purpose);
  const startStep = from?.state.step ?? 0;
  if (from) await policy.load(from.folder);
  // Only now, when everything could be opened, does the folder become a run.
  say(`${existsSync(join(folder, SETTINGS_FILE)) ? `resuming after step ${startStep}` : 'run'}: ${folder}`);
  writeRunSettings(folder, options.settings);
  if (!hasImageRecords(folder)) sayRecords(recordImages(folder, [dataset, heldOut]), say);

  const interrupt = listenForInterrupt(say);
  const failed = async (thrown: unknown) => {
    const error = withMemoryAdvice(thrown, folder, settings);
    const message = error instanceof Error ? error.message : String(error);
    await tell({ type: 'failed', message });
    throw error instanceof PolicyLost && interrupt.signal.aborted ? new Error(message) : error;
  };
  const run = {
    settings,
    folder,
    policy,
    dataset,
    startStep,
    data: fingerprints,
    best: from?.state.best,
    entropy: from?.state.entropy,
    evaluate: (step: number) => greedyFigures(policy, heldOut, settings, { run: folder, step }),
    trackers,
    signal: interrupt.signal,
    ...rewardsOf(settings.rewards),
  };
  const result = await train(run)
    .catch(failed)
    .finally(() => {
      interrupt.release();
      policy.dispose();
    });
  return { ...result, tell, exitCode: interrupt.code() };
}

function sayRecords({ images, by }: ImageRecords, say: (text: string) => void): void {
  if (images > 0) say(`images: ${images} recorded by their ${by}; a resumed run names what has changed`);
}

function withTimeLeft(settings: Settings, began: number): Settings {
  if (settings.timeLimitMinutes === undefined) return settings;
  return { ...settings, timeLimitMinutes: settings.timeLimitMinutes - (performance.now() - began) / 60_000 };
}
