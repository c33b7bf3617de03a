import { Command } from 'commander';
import { join } from 'node:path';
import type { Checkpoint } from '../checkpoints.js';
import { loadSettings } from '../config/load.js';
import { decisiveDifferences, defaultRunFolder, SETTINGS_FILE } from '../config/run-folder.js';
import type { Settings } from '../config/schema.js';
import { changedFiles, type Fingerprints } from '../data/fingerprints.js';
import { writeReport } from '../tracking/report/write-report.js';
import { changedImages, forgetImages } from '../training/image-records.js';
import { withRecovery } from '../training/recovery.js';
import { attempt } from './attempt.js';
import { evaluateRun, heldOutPrompts } from './evaluate.js';
import { collect, overridesOf, type SettingOptions } from './options.js';
import type { Parts } from './parts.js';
import { readRunState, stateInWords, type RunState } from './run-state.js';

/** Flags of `q-insight train`. */
export interface TrainOptions extends SettingOptions {
  readonly resume?: boolean;
  readonly changedData?: boolean;
  /** False after `--no-memory-check`. */
  readonly memoryCheck?: boolean;
  /** False after `--no-evaluate`. */
  readonly evaluate?: boolean;
}

/** `q-insight train RECIPE`. */
export function trainCommand(parts: Parts): Command {
  return new Command('train')
    .description('train a model with GRPO as a recipe says, then compare it with the model it started from')
    .argument('[recipe]', 'YAML file with the settings; with --resume the run folder has them already')
    .option('--set <key=value>', 'change a setting, for example --set grpo.beta=0 (may be repeated)', collect)
    .option('--seed <seed>', 'seed of everything random')
    .option('--steps <n>', 'optimizer steps')
    .option('--output <folder>', 'run folder (default: runs/<recipe>-<date-time>)')
    .option('--track <names>', 'trackers: tensorboard, wandb, mlflow=ADDRESS, with a comma between them; none for none')
    .option('--resume', 'go on with the run in the output folder, from its last checkpoint')
    .option('--changed-data', 'with --resume: go on although label files or photographs have changed')
    .option('--no-memory-check', 'train even if the memory is likely to run out')
    .option('--no-evaluate', 'do not evaluate when training is done')
    .action(async (recipe: string | undefined, options: TrainOptions) => {
      process.exitCode = await trainRun(recipe, options, parts);
    });
}

const say = (text: string) => void process.stderr.write(`${text}\n`);

interface Start {
  readonly settings: Settings;
  readonly folder: string;
  /** What is there to go on from. */
  readonly state: RunState | undefined;
}

/** A run killed between its last checkpoint and its final model is not. */
const isFinished = ({ settings, final }: RunState) => (final?.state.step ?? 0) >= settings.steps;

/** What can be done with a run that is there. */
function waysOn(state: RunState): string {
  if (!isFinished(state)) return 'go on with --resume';
  return `evaluate it with 'q-insight evaluate ${state.folder}', train on with --resume --steps N`;
}

/** A run that begins: its folder must be free. */
function newRun(recipe: string | undefined, options: TrainOptions): Start {
  if (recipe === undefined) throw new Error('name a recipe file, for example: q-insight train recipes/tiny.yaml');
  const settings = loadSettings(recipe, overridesOf(options));
  const folder = settings.output ?? defaultRunFolder(recipe, new Date());
  const state = readRunState(folder);
  if (state) {
    throw new Error(`${folder}: holds ${stateInWords(state)}; ${waysOn(state)}, or name a new folder with --output`);
  }
  return { settings: { ...settings, output: folder }, folder, state };
}

/** A run that goes on: what decides its numbers must be as it was. */
function resumedRun(recipe: string | undefined, options: TrainOptions): Start {
  const folder = options.output;
  if (folder === undefined) throw new Error('--resume: name the run folder with --output');
  const state = readRunState(folder);
  if (state === undefined) throw new Error(`${folder}: holds no run to resume`);
  const settings = loadSettings(recipe ?? join(folder, SETTINGS_FILE), overridesOf(options));
  const changed = decisiveDifferences(state.settings, settings);
  if (changed.length > 0) {
    throw new Error(
      `${folder}: a run is resumed with the settings it was started with; changed: ${changed.join(', ')}`,
    );
  }
  if (isFinished({ ...state, settings })) throw new Error(`${folder}: holds ${stateInWords(state)}; ${waysOn(state)}`);
  return { settings: { ...settings, output: folder }, folder, state };
}

/** What a run learns from must be what it learned from before. */
function checkData(folder: string, checkpoint: Checkpoint | undefined, now: Fingerprints): void {
  const files = checkpoint?.state.data ? changedFiles(checkpoint.state.data, now) : [];
  const changed = [...files, ...changedImages(folder)];
  if (changed.length === 0) return;
  const more = changed.length > 3 ? ` (and ${changed.length - 3} more)` : '';
  throw new Error(
    `the data is not what the run was started with: ${changed.slice(0, 3).join(', ')}${more}; go on all the same with --changed-data`,
  );
}

/**
 * Trains, writes the report, and evaluates.
 *
 * @returns the exit code: 0, or that of the signal that interrupted it
 */
export async function trainRun(recipe: string | undefined, options: TrainOptions, parts: Parts): Promise<number> {
  const began = performance.now();
  const { settings, folder, state } = options.resume === true ? resumedRun(recipe, options) : newRun(recipe, options);
  const { model, data, seed } = settings;
  const dataset = await parts.openDataset(data.train, 'train', `${seed}/train`);
  const fingerprints = parts.fingerprint([data.train, data.heldOut]);
  if (options.changedData === true) forgetImages(folder);
  else checkData(folder, state?.latest, fingerprints);
  // A crop or an image that cannot be had is better known now than after hours, at the evaluation.
  const heldOut = await heldOutPrompts(settings, parts);
  const [prompt] = await Promise.all([dataset.get(0), heldOut.get(0)]);
  if (options.memoryCheck !== false) await parts.checkMemory(settings, prompt);
  for (const problem of state?.problems ?? []) say(`passed over: ${problem}`);
  const { outcome, step, tell, exitCode } = await withRecovery(
    (from) => attempt(from, { settings, folder, dataset, heldOut, fingerprints, began, parts, say }),
    state?.latest,
    { folder, recoveries: model.tinker?.recoveries ?? 0, onLoss: say },
  );

  if (outcome === 'interrupted') {
    writeReport(folder);
    await tell({ type: 'report' });
    say(`stopped after step ${step}; go on with: q-insight train --resume --output ${folder}`);
    return exitCode ?? 1;
  }
  if (options.evaluate === false) say(`report: ${writeReport(folder)}`);
  else await evaluateRun(folder, settings, parts);
  await tell({ type: 'report' });
  return 0;
}
