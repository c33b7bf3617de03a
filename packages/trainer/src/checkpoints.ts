import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { AdaptiveEntropy } from '@q-insight/core';
import { z } from 'zod';
import { checkFiles, fileRecordsSchema, recordFiles } from './checkpoint-files.js';
import { checkRow } from './config/row.js';
import type { Fingerprints } from './data/fingerprints.js';
import { readJsonSync } from './models/files.js';
import type { Best } from './training/best-model.js';

/** What a run needs besides weights and optimizer state to go on: everything random follows from the seed and the step. */
export interface TrainerState {
  /** Layout of this file. */
  readonly version: 1;
  /** Optimizer steps that are done. */
  readonly step: number;
  /** Steps the run was asked for. */
  readonly steps: number;
  readonly seed: string | number;
  /** Fingerprint of the settings that decide the numbers of the run. */
  readonly settingsHash: string;
  /** The best evaluation during training, when there was one. */
  readonly best?: Best | undefined;
  /** The entropy bonus as it is steered, when it is. */
  readonly entropy?: AdaptiveEntropy | undefined;
  /** SHA-256 of the files that the data came from, by path. Older checkpoints lack it. */
  readonly data?: Fingerprints | undefined;
}

/** A checkpoint on disk. */
export interface Checkpoint {
  readonly folder: string;
  readonly state: TrainerState;
}

const STATE_FILE = 'trainer.json';
const PARTIAL = '.partial-';

const stateSchema = z.object({
  version: z.literal(1),
  step: z.int().min(0),
  steps: z.int(),
  seed: z.union([z.string(), z.number()]),
  settingsHash: z.string(),
  best: z.object({ step: z.int(), value: z.number() }).optional(),
  entropy: z.object({ coefficient: z.number(), active: z.boolean() }).optional(),
  data: z.record(z.string(), z.string()).optional(),
});

/** What trainer.json holds: the state, and what the files beside it were. Older checkpoints lack the latter. */
const fileSchema = stateSchema.extend({ files: fileRecordsSchema.optional() });

function readState(folder: string, depth: 'state' | 'files'): TrainerState | undefined {
  const file = join(folder, STATE_FILE);
  if (!existsSync(file)) return undefined;
  const value = readJsonSync(file);
  const { version } = checkRow(z.object({ version: z.number() }), value, file);
  if (version !== 1) throw new Error(`${file}: written by another version (layout ${version}, expected 1)`);
  const { files = {}, ...state } = checkRow(fileSchema, value, file);
  if (depth === 'files') checkFiles(folder, files);
  return state;
}

/**
 * Writes a folder so that it is there whole or not at all: into a neighbour with a temporary name, then renamed.
 * A process killed at any point leaves at worst the neighbour, which the next save removes.
 */
async function writeAtomically(folder: string, write: (partial: string) => Promise<void>): Promise<void> {
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    if (name.startsWith(PARTIAL)) rmSync(join(parent, name), { recursive: true, force: true });
  }
  const partial = join(parent, `${PARTIAL}${process.pid}`);
  mkdirSync(partial);
  await write(partial);
  // A folder can only be in the way when the same step is written twice.
  const replaced = existsSync(folder) ? setAside(folder) : undefined;
  renameSync(partial, folder);
  if (replaced !== undefined) rmSync(replaced, { recursive: true, force: true });
}

/** Takes a folder out of sight in one move: removing it file by file would leave a torn one to a kill. */
function setAside(folder: string): string {
  const aside = join(dirname(folder), `${PARTIAL}${process.pid}-${basename(folder)}`);
  renameSync(folder, aside);
  return aside;
}

/** The checkpoint in a folder, what is wrong with it, or neither. */
interface Found {
  readonly checkpoint?: Checkpoint;
  readonly problem?: Error;
}

function find(folder: string, depth: 'state' | 'files'): Found {
  try {
    const state = readState(folder, depth);
    return state === undefined ? {} : { checkpoint: { folder, state } };
  } catch (error) {
    return { problem: error as Error };
  }
}

function foldersOf(run: string): string[] {
  const root = join(run, 'checkpoints');
  const names = existsSync(root) ? readdirSync(root).filter((name) => name.startsWith('step-')) : [];
  return names.map((name) => join(root, name));
}

/**
 * The finished checkpoints of a run, oldest first. One whose trainer.json is damaged is passed over; the files beside it are not
 * looked at.
 *
 * @throws Error naming the file, when there are only damaged ones
 */
export function listCheckpoints(run: string): Checkpoint[] {
  const found = foldersOf(run).map((folder) => find(folder, 'state'));
  const good = found.flatMap(({ checkpoint }) => checkpoint ?? []);
  const problem = found.find((one) => one.problem)?.problem;
  if (good.length === 0 && problem) throw problem;
  return good.sort((a, b) => a.state.step - b.state.step);
}

/** The checkpoints a run can go on from. */
export interface RunCheckpoints {
  /** The newest checkpoint whose files are all as they were written. */
  readonly latest: Checkpoint | undefined;
  /** The trained model, when the run is finished and it is whole. */
  readonly final: Checkpoint | undefined;
  /** What is wrong with those that were passed over. */
  readonly problems: readonly string[];
}

/** Looks from the newest checkpoint back to the first that is whole; older ones are not read. */
function newestWhole(run: string): { latest?: Checkpoint; problems: Error[] } {
  const states = foldersOf(run).map((folder) => find(folder, 'state'));
  const damaged = states.flatMap(({ problem }) => problem ?? []);
  const newestFirst = states.flatMap(({ checkpoint }) => checkpoint ?? []).sort((a, b) => b.state.step - a.state.step);
  const problems: Error[] = [];
  for (const { folder } of newestFirst) {
    const { checkpoint, problem } = find(folder, 'files');
    if (checkpoint) return { latest: checkpoint, problems: [...problems, ...damaged] };
    if (problem) problems.push(problem);
  }
  return { problems: [...problems, ...damaged] };
}

/**
 * What lies in a run folder. Each file is read once: a checkpoint may be many gigabytes.
 *
 * @throws Error naming the file, when there are only damaged ones
 */
export function readCheckpoints(run: string): RunCheckpoints {
  const { latest, problems } = newestWhole(run);
  const { checkpoint: final, problem } = find(join(run, 'final'), 'files');
  const all = problem === undefined ? problems : [...problems, problem];
  if (latest === undefined && all[0]) throw all[0];
  return { latest, final, problems: all.map(({ message }) => message) };
}

/**
 * The newest checkpoint of a run whose files are all as they were written, if there is one.
 *
 * @throws Error naming the file, when there are only damaged ones
 */
export function latestCheckpoint(run: string): Checkpoint | undefined {
  const { latest, problems } = newestWhole(run);
  if (latest === undefined && problems[0]) throw problems[0];
  return latest;
}

/**
 * The trained model of a finished run, if the run is finished. A damaged one is passed over as long as there is another
 * checkpoint.
 */
export function finalCheckpoint(run: string): Checkpoint | undefined {
  const { checkpoint, problem } = find(join(run, 'final'), 'files');
  if (problem && latestCheckpoint(run) === undefined) throw problem;
  return checkpoint;
}

async function writeCheckpoint(
  folder: string,
  state: TrainerState,
  save: (folder: string) => Promise<void>,
): Promise<void> {
  await writeAtomically(folder, async (partial) => {
    await save(partial);
    const content = { ...state, files: recordFiles(partial) };
    writeFileSync(join(partial, STATE_FILE), `${JSON.stringify(content, null, 2)}\n`);
  });
}

/**
 * Writes `checkpoints/step-000050/`, then removes the oldest beyond `keep`.
 *
 * @param run - run folder
 * @param state - what to resume from
 * @param keep - newest checkpoints that stay, at least 1
 * @param save - writes weights and optimizer state into the folder it is given
 * @returns the checkpoint's folder
 */
export async function saveCheckpoint(
  run: string,
  state: TrainerState,
  keep: number,
  save: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(run, 'checkpoints', `step-${String(state.step).padStart(6, '0')}`);
  await writeCheckpoint(folder, state, save);
  // Removal comes last: until the new checkpoint is whole, the old ones are all there is.
  for (const old of listCheckpoints(run).slice(0, -Math.max(1, keep))) {
    rmSync(setAside(old.folder), { recursive: true, force: true });
  }
  return folder;
}

/**
 * Writes a model in the layout `save` gives it, in place of an earlier one: `final/`, whose presence says that the run is
 * finished, or `best/`, that of the best evaluation during training.
 */
export async function saveModel(
  run: string,
  name: 'final' | 'best',
  state: TrainerState,
  save: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(run, name);
  await writeCheckpoint(folder, state, save);
  return folder;
}
