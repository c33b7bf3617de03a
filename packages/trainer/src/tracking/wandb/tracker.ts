import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readRunSettings } from '../../config/run-folder.js';
import type { Tracker } from '../events.js';
import { EVALUATIONS_FILE, readJsonl, readMetrics, ROLLOUTS_FILE } from '../jsonl.js';
import { REPORT_FILE } from '../report/write-report.js';
import { trackedFigures } from '../evaluation-file.js';
import { createLog } from './log.js';
import { exitRecord, filesRecord, headerRecord, historyRecord, runRecord, summaryRecord } from './records.js';

/** Folder of W&B's files in a run folder. */
export const WANDB_FOLDER = 'wandb';

/** Files of a run folder that go along. */
const FILES = [REPORT_FILE, ROLLOUTS_FILE];

/** Options of {@link wandbTracker}. */
export interface WandbOptions {
  /** @defaultValue the environment's WANDB_PROJECT, or 'q-insight' */
  readonly project?: string | undefined;
  /** When a run begins. @defaultValue the system's time */
  readonly now?: () => Date;
}

/** W&B's folder of a run: `offline-run-20261124_193946-1a2b3c4d`. */
interface OfflineRun {
  readonly folder: string;
  readonly id: string;
  readonly start: Date;
}

const NAME = /^offline-run-(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)-(\w+)$/;

/** The folder a run has, or a new one. */
function offlineRun(run: string, now: () => Date): OfflineRun {
  const root = join(run, WANDB_FOLDER);
  mkdirSync(root, { recursive: true });
  const there = readdirSync(root).find((name) => NAME.test(name));
  const name = there ?? newName(run, now());
  const [, year, month, day, hours, minutes, seconds, id] = NAME.exec(name)!;
  const [y, mo, d, h, mi, s] = [year, month, day, hours, minutes, seconds].map(Number) as [number, ...number[]];
  mkdirSync(join(root, name, 'files'), { recursive: true });
  return { folder: join(root, name), id: id!, start: new Date(y, mo! - 1, d, h, mi, s) };
}

function newName(run: string, now: Date): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}${pad(now.getMonth() + 1)}${pad(now.getDate())}`;
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(pad).join('');
  const id = createHash('sha256')
    .update(`${resolve(run)} ${now.getTime()}`)
    .digest('hex')
    .slice(0, 8);
  return `offline-run-${date}_${time}-${id}`;
}

type Figures = Record<string, number>;

/** What was logged so far, by step: a step's figures, and those of an evaluation after it. */
function loggedSteps(run: string): Map<number, Figures> {
  const steps = new Map<number, Figures>();
  const evaluations = readJsonl<{ step: number }>(join(run, EVALUATIONS_FILE));
  for (const { step, ...figures } of readMetrics(run)) steps.set(step, numbers(figures));
  for (const { step, ...figures } of evaluations) steps.set(step, { ...steps.get(step), ...trackedFigures(figures) });
  return steps;
}

/** Figures as they are read back: what JSON could not hold is null there. */
const numbers = (figures: Readonly<Record<string, number | null>>): Figures =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, value ?? NaN]));

/**
 * Writes a run as W&B's own client does without a network, into `RUN/wandb/offline-run-…/`; `wandb sync RUN/wandb/offline-run-*`
 * sends it. A run that goes on is written anew from metrics.jsonl, under the same id.
 *
 * @param run - run folder, with its settings.yaml and the files of {@link jsonlTracker}
 */
export function wandbTracker(run: string, options: WandbOptions = {}): Tracker {
  const { project = process.env['WANDB_PROJECT'] ?? 'q-insight', now = () => new Date() } = options;
  let log: ReturnType<typeof createLog>;
  let start: Date;
  let runtime = 0;
  /** The last step, which an evaluation may add to. */
  let waiting: { step: number; figures: Figures } | undefined;
  let exitCode = 0;

  const flush = () => {
    if (waiting === undefined) return;
    const { step, figures } = waiting;
    waiting = undefined;
    runtime += figures['step_time'] ?? 0;
    const timed = { ...figures, _runtime: runtime, _timestamp: start.getTime() / 1000 + runtime };
    log.append(historyRecord(step, timed));
    log.append(summaryRecord({ ...timed, _step: step }));
  };
  const writeAnew = (upTo: number) => {
    const { folder, id, start: began } = offlineRun(run, now);
    [start, runtime, waiting] = [began, 0, undefined];
    log = createLog(join(folder, `run-${id}.wandb`));
    log.append(headerRecord());
    const { ...config } = readRunSettings(run);
    log.append(runRecord({ id, project, name: basename(resolve(run)), start: start.getTime() / 1000, config }));
    for (const [step, figures] of loggedSteps(run)) {
      if (step > upTo) continue;
      waiting = { step, figures };
      flush();
    }
    return folder;
  };
  const close = (files: readonly string[]) => {
    flush();
    if (files.length > 0) log.append(filesRecord(files));
    log.append(exitRecord(exitCode, runtime));
  };

  return (event) => {
    if (event.type === 'start') writeAnew(event.step);
    if (event.type === 'step') {
      flush();
      waiting = { step: event.step, figures: { ...event.metrics } };
    }
    if (event.type === 'evaluation' && waiting)
      waiting.figures = { ...waiting.figures, ...trackedFigures(event.figures) };
    if (event.type === 'failed') exitCode = 1;
    if (event.type === 'end' || event.type === 'failed') close([]);
    if (event.type === 'report') {
      // Files are known only now, after what ended the file: it is written once more, whole.
      const folder = writeAnew(Infinity);
      const files = FILES.filter((name) => existsSync(join(run, name)));
      for (const name of files) copyFileSync(join(run, name), join(folder, 'files', name));
      close(files);
    }
  };
}
