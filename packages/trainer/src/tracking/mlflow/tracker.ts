import { join } from 'node:path';
import { flatten, readRunSettings, SETTINGS_FILE } from '../../config/run-folder.js';
import { ALARMS_FILE } from '../alarms/tracker.js';
import { delivery, type SentRow } from '../delivery.js';
import { EVALUATION_FILE, EVALUATION_PREFIX } from '../evaluation-file.js';
import type { Outcome, Tracker } from '../events.js';
import { EVALUATIONS_FILE, METRICS_FILE, ROLLOUTS_FILE } from '../jsonl.js';
import { REPORT_FILE } from '../report/write-report.js';
import { uploadFiles } from './artifacts.js';
import { mlflowClient } from './client.js';
import { fetchRun, logParams, logRows, openRun, type MlflowRun } from './run.js';

/** Options of {@link mlflowTracker}. Times are in seconds. */
export interface MlflowOptions {
  /** Address of the server. @defaultValue the environment's MLFLOW_TRACKING_URI */
  readonly address?: string | undefined;
  /** Told when something could not be sent. */
  readonly warn: (text: string) => void;
  /** Time between sendings. @defaultValue 5 */
  readonly every?: number;
  /** Longest wait for the last sending, at the end of the run. @defaultValue 20 */
  readonly lastWait?: number;
  /** @defaultValue process.env */
  readonly env?: NodeJS.ProcessEnv;
}

/** Files of a run folder that go to the server at its end. */
const ARTIFACTS = [
  SETTINGS_FILE,
  METRICS_FILE,
  EVALUATIONS_FILE,
  ROLLOUTS_FILE,
  ALARMS_FILE,
  EVALUATION_FILE,
  REPORT_FILE,
];

const STATUS: Record<Outcome, string> = {
  finished: 'FINISHED',
  'early-stop': 'FINISHED',
  'time-limit': 'FINISHED',
  interrupted: 'KILLED',
};

/** The last step of the figures of one kind, 0 before the first. */
function lastStep({ steps }: MlflowRun, ofEvaluations: boolean): number {
  const own = [...steps].filter(([key]) => key.startsWith(EVALUATION_PREFIX) === ofEvaluations);
  return Math.max(0, ...own.map(([, step]) => step));
}

/** Why a request failed: fetch itself says no more than that it did, its cause says why. */
function reason({ message, cause }: Error): string {
  const inner = typeof cause === 'object' && cause !== null && 'message' in cause ? cause.message : '';
  return typeof inner === 'string' && inner !== '' ? inner : message;
}

/**
 * Shows a run on an MLflow server, over REST: its settings as parameters, each step's figures, evaluations, alarms as tags,
 * and at the end its files. A server that does not answer never stops a run: it is said once, and what it lacks is sent
 * when it answers again, from the files of the run folder. The experiment is that of MLFLOW_EXPERIMENT_NAME, or `q-insight`.
 *
 * @param folder - run folder, with its settings.yaml
 * @throws when there is no address
 */
export function mlflowTracker(folder: string, options: MlflowOptions): Tracker {
  const { warn, every = 5, lastWait = 20, env = process.env } = options;
  const address = options.address ?? env['MLFLOW_TRACKING_URI'];
  if (!address) {
    throw new Error('tracker mlflow: name its address, mlflow=http://127.0.0.1:5000, or set MLFLOW_TRACKING_URI');
  }
  const client = mlflowClient(address, env);
  const sendLater = `what is missing can be sent with: q-insight track ${folder} --to mlflow=${client.address}`;

  let opening: Promise<MlflowRun> | undefined;
  const openAnew = async () => {
    const run = await openRun(folder, client, env['MLFLOW_EXPERIMENT_NAME'] ?? 'q-insight');
    await logParams(client, run, flatten(readRunSettings(folder)));
    await client.post('runs/update', { run_id: run.id, status: 'RUNNING' });
    return run;
  };
  /** The run on the server: opened once, and tried again after a failure. */
  const open = (): Promise<MlflowRun> => {
    opening ??= openAnew();
    opening.catch(() => (opening = undefined));
    return opening;
  };
  const held = async (ofEvaluations: boolean) => lastStep(await fetchRun(client, (await open()).id), ofEvaluations);
  const sendFigures = (prefix: string) => async (rows: readonly SentRow[]) =>
    logRows(client, (await open()).id, prefix, rows);
  const sendAlarms = async (rows: readonly SentRow[]) => {
    const { id } = await open();
    for (const { step, alarm, state, message } of rows) {
      const tag = { run_id: id, key: `alarm.${String(alarm)}`, value: `step ${step}: ${String(message)}` };
      if (state === 'raised') await client.post('runs/set-tag', tag);
    }
  };

  let told = false;
  const onTrouble = (error: Error) => {
    if (!told)
      warn(`mlflow: ${client.address} does not answer (${reason(error)}); training goes on, figures follow later`);
    told = true;
  };
  const deliveries = [
    { file: METRICS_FILE, held: () => held(false), send: sendFigures('') },
    { file: EVALUATIONS_FILE, held: () => held(true), send: sendFigures(EVALUATION_PREFIX) },
    { file: ALARMS_FILE, held: () => Promise.resolve(0), send: sendAlarms }, // a tag that is there is set again
  ].map(({ file, ...rest }) => delivery({ file: join(folder, file), ...rest }, { onTrouble, every }));

  /** What is tried once, at the end. */
  const attempt = async (work: (run: MlflowRun) => Promise<unknown>) => {
    try {
      await work(await open());
    } catch (error) {
      warn(`mlflow: ${reason(error as Error)}; ${sendLater}`);
    }
  };
  const end = async (status: string) => {
    const all = await Promise.all(deliveries.map((one) => one.finish(lastWait)));
    if (all.includes(false)) warn(`mlflow: ${client.address} did not answer at the end; ${sendLater}`);
    else await attempt(({ id }) => client.post('runs/update', { run_id: id, status, end_time: Date.now() }));
  };

  return async (event) => {
    if (event.type === 'step') await Promise.all(deliveries.map((one) => one.nudge()));
    if (event.type === 'end') await end(STATUS[event.outcome]);
    if (event.type === 'failed') await end('FAILED');
    if (event.type === 'report') await attempt((run) => uploadFiles(client, run, folder, ARTIFACTS));
  };
}
