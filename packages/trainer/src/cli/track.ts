import { Command } from 'commander';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { trackerChoice, trackerList } from '../config/trackers.js';
import { checkSettings } from '../config/yaml-file.js';
import type { Figures } from '../tracking/evaluation-file.js';
import type { RunEvent } from '../tracking/events.js';
import { EVALUATIONS_FILE, readJsonl, readMetrics } from '../tracking/jsonl.js';
import { TENSORBOARD_FOLDER } from '../tracking/tensorboard/tracker.js';
import { openTracker } from '../tracking/trackers.js';
import { namesOf, wholeNumber } from './options.js';
import { readRunState, type RunState } from './run-state.js';

/** Flags of `q-insight track`. */
export interface TrackOptions {
  readonly to: string;
  /** Seconds. */
  readonly wait: string;
}

/** `q-insight track RUN`. */
export function trackCommand(): Command {
  return new Command('track')
    .description('show a run that is there in trackers: what a server has missed, or a run that was not tracked')
    .argument('<run>', 'run folder; no training may be writing to it')
    .requiredOption('--to <names>', 'tensorboard, wandb, mlflow=ADDRESS, with a comma between them')
    .option('--wait <seconds>', 'longest wait for a server that does not answer', '20')
    .action(async (run: string, options: TrackOptions) => {
      process.exitCode = (await trackRun(run, options)) ? 0 : 1;
    });
}

/** What happened in a run, as far as its files tell: figures and evaluations, not the answers. */
function* eventsOf({ folder, settings, final }: RunState): Generator<RunEvent> {
  const { steps } = settings;
  const evaluations = readJsonl<Figures & { step: number; is_best: boolean }>(join(folder, EVALUATIONS_FILE));
  const rows = readMetrics(folder);
  yield { type: 'start', step: 0, steps };
  for (const { step, ...metrics } of rows) {
    yield { type: 'step', step, steps, metrics, rollouts: [] };
    for (const { step: at, is_best: isBest, ...figures } of evaluations) {
      if (at === step) yield { type: 'evaluation', step, figures, isBest };
    }
  }
  yield { type: 'end', step: rows.at(-1)?.step ?? 0, steps, outcome: final ? 'finished' : 'interrupted' };
  yield { type: 'report' };
}

/**
 * Shows a run in trackers.
 *
 * @returns whether everything has arrived
 * @throws when there is no such run or tracker, or TensorBoard's files are there already
 */
export async function trackRun(run: string, { to, wait }: TrackOptions): Promise<boolean> {
  const flag = `--to ${to}`;
  const { trackers } = checkSettings(z.object({ trackers: trackerList }), { trackers: namesOf(to) }, () => flag);
  const lastWait = wholeNumber('--wait', wait, 1);
  const state = readRunState(run);
  if (state === undefined) throw new Error(`${run}: holds no run`);
  const choices = trackers.map(trackerChoice);
  const events = join(run, TENSORBOARD_FOLDER);
  if (choices.some(({ name }) => name === 'tensorboard') && existsSync(events) && readdirSync(events).length > 0) {
    throw new Error(`${events}: holds the run's event files already; see them with: tensorboard --logdir ${run}`);
  }
  const troubles: string[] = [];
  const warn = (text: string) => {
    troubles.push(text);
    process.stderr.write(`${text}\n`);
  };
  for (const choice of choices) {
    const track = openTracker(choice, run, { ...state.settings, warn, lastWait });
    for (const event of eventsOf(state)) await track(event);
  }
  if (troubles.length === 0) process.stderr.write(`${run}: shown in ${trackers.join(', ')}\n`);
  return troubles.length === 0;
}
