import { existsSync, readFileSync, statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { readRunSettings, SETTINGS_FILE } from '../../config/run-folder.js';
import type { Settings } from '../../config/schema.js';
import type { Dataset } from '../../data/prompt.js';
import { EVALUATION_FILE, readEvaluation } from '../evaluation-file.js';
import { HELD_OUT_FOLDER } from '../held-out-answers.js';
import { EVALUATIONS_FILE, METRICS_FILE } from '../jsonl.js';
import { followFigures, type Figures } from './figures.js';
import { findRuns, type NamedRun } from './find-runs.js';
import { lastRow } from './last-row.js';
import { openPictures, type PictureSize } from './pictures.js';
import { NotThere } from './problem.js';

/** Opens the data of a run's settings. */
export type OpenDataset = (source: Settings['data']['train'], side: 'train', seed: string) => Promise<Dataset>;

/** A run that is shown. */
export interface OpenRun extends NamedRun {
  /** @throws when they cannot be read */
  settings(): Settings;
  settingsText(): string;
  readonly figures: Figures;
  /** A picture of a prompt of training, as {@link openPictures} has it. */
  readonly picture: (prompt: string, image: number, size: PictureSize) => Promise<Buffer>;
  /** The file of the picture of one of the evaluation's examples. */
  examplePicture(number: number): Promise<string>;
}

/** A line of the list of runs. */
export interface RunEntry {
  readonly name: string;
  /** Steps done. */
  readonly step: number;
  /** Steps the run was asked for; null while its settings cannot be read. */
  readonly steps: number | null;
  /** Of the last step. */
  readonly reward: number | null;
  /** When its figures were last written, or, before the first step, its settings; in milliseconds since 1970. */
  readonly changed: number;
  /** When an evaluation last wrote something, in milliseconds since 1970; 0 before the first. */
  readonly evaluated: number;
  /** Whether it still runs cannot be known: 'silent' has not written for longer than a step takes. */
  readonly state: 'finished' | 'running' | 'silent';
  /** Why it cannot be shown. */
  readonly problem?: string;
}

/** After how long a run is silent: in times of its last step, and at least, in ms. */
const PATIENCE = { steps: 4, least: 60_000 };

/** The runs in some folders, as they come and go. */
export function openRuns(folders: readonly string[], openDataset: OpenDataset) {
  const opened = new Map<string, OpenRun>();
  const get = (run: NamedRun): OpenRun => {
    const known = opened.get(run.folder) ?? openRun(run, openDataset);
    opened.set(run.folder, known);
    return known;
  };
  return {
    /** @throws {@link NotThere} */
    find(name: string): OpenRun {
      const run = findRuns(folders).find((one) => one.name === name);
      if (run === undefined) throw new NotThere(`there is no run '${name}' (any more)`);
      return get(run);
    },
    async list(now: number): Promise<RunEntry[]> {
      const runs = findRuns(folders);
      for (const folder of opened.keys()) if (!runs.some((run) => run.folder === folder)) opened.delete(folder);
      return Promise.all(runs.map((run) => entryOf(get(run), now)));
    },
  };
}

/** The runs in some folders. */
export type Runs = ReturnType<typeof openRuns>;

function openRun({ name, folder }: NamedRun, openDataset: OpenDataset): OpenRun {
  const file = join(folder, SETTINGS_FILE);
  let read: { time: number; settings: Settings } | undefined;
  const settings = () => {
    const time = statSync(file).mtimeMs;
    if (read?.time !== time) read = { time, settings: readRunSettings(folder) };
    return read.settings;
  };
  return {
    name,
    folder,
    settings,
    settingsText: () => readFileSync(file, 'utf8'),
    figures: followFigures(folder),
    picture: openPictures({ settings, openDataset }),
    async examplePicture(number) {
      const picture = readEvaluation(folder)?.examples[number]?.picture;
      if (picture === undefined) throw new NotThere(`run '${name}' has no example ${number}`);
      const [inside, real] = await Promise.all([realpath(folder), realpath(join(folder, picture))]).catch(() => {
        throw new NotThere(`run '${name}' has lost the picture of example ${number}`);
      });
      if (!real.startsWith(inside + sep)) throw new NotThere(`example ${number} of run '${name}' lies outside the run`);
      return real;
    },
  };
}

/** Where evaluations write; a folder changes with the files in it. */
const EVALUATED = [HELD_OUT_FOLDER, EVALUATIONS_FILE, EVALUATION_FILE];

async function entryOf(run: OpenRun, now: number): Promise<RunEntry> {
  const { row, changed: written } = await lastRow(join(run.folder, METRICS_FILE));
  const changed = written ?? statSync(join(run.folder, SETTINGS_FILE)).mtimeMs;
  const times = EVALUATED.map((name) => statSync(join(run.folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  const evaluated = Math.max(...times);
  const of = (key: string) => (typeof row[key] === 'number' ? row[key] : null);
  const step = of('step') ?? 0;
  const entry = { name: run.name, step, reward: of('reward'), changed, evaluated };
  try {
    const { steps } = run.settings();
    const wait = Math.max(PATIENCE.least, PATIENCE.steps * 1000 * (of('step_time') ?? 0));
    const isFresh = now - changed < wait;
    const isFinished = existsSync(join(run.folder, 'final'));
    return { ...entry, steps, state: isFinished ? 'finished' : isFresh ? 'running' : 'silent' };
  } catch (error) {
    return { ...entry, steps: null, state: 'silent', problem: (error as Error).message };
  }
}
