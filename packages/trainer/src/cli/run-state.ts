import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readCheckpoints, type RunCheckpoints } from '../checkpoints.js';
import { readRunSettings, SETTINGS_FILE } from '../config/run-folder.js';
import type { Settings } from '../config/schema.js';

/** What lies in a run folder. */
export interface RunState extends RunCheckpoints {
  readonly folder: string;
  readonly settings: Settings;
}

/**
 * Looks into a folder that a run is to be written to.
 *
 * @returns undefined when it is free
 * @throws when it holds something else than a run
 */
export function readRunState(folder: string): RunState | undefined {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return undefined;
  if (!existsSync(join(folder, SETTINGS_FILE))) {
    throw new Error(
      `${folder}: is not empty and holds no run (no ${SETTINGS_FILE}); name another folder with --output`,
    );
  }
  const settings = readRunSettings(folder);
  return { folder, settings, ...readCheckpoints(folder) };
}

/** The state in a sentence: finished or not, how far, and the last checkpoint. */
export function stateInWords({ settings, latest, final }: RunState): string {
  const { steps } = settings;
  if (final && final.state.step >= steps) return `a finished run, step ${final.state.step} of ${steps}`;
  if (final) return `a run that ended early, at step ${final.state.step} of ${steps}`;
  if (latest === undefined) return `an unfinished run without a checkpoint yet (of ${steps} steps)`;
  return `an unfinished run, last checkpoint at step ${latest.state.step} of ${steps}`;
}
