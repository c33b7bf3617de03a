import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { checkRow } from '../../config/row.js';
import { readJsonSync, replaceTextSync } from '../../models/files.js';
import type { SentRow } from '../delivery.js';
import { MlflowError, type MlflowClient } from './client.js';

/** Which run of which server shows a run folder, so that a run that goes on goes on there too. */
export const MLFLOW_FILE = 'mlflow.json';

/** MLflow's own limits: entries of a log-batch call by kind, and characters of a parameter. */
const MOST_METRICS = 1000;
const MOST_PARAMS = 100;
const LONGEST_PARAM = 6000;

const fileSchema = z.object({ address: z.string(), runId: z.string() });

const runSchema = z.object({
  run: z.object({
    info: z.object({ run_id: z.string(), artifact_uri: z.string() }),
    data: z
      .object({
        metrics: z.array(z.object({ key: z.string(), step: z.coerce.number() })).default([]),
        params: z.array(z.object({ key: z.string() })).default([]),
      })
      .prefault({}),
  }),
});

/** A run as the server has it. */
export interface MlflowRun {
  readonly id: string;
  /** Where its files are. */
  readonly artifacts: string;
  /** The last step of each metric. */
  readonly steps: ReadonlyMap<string, number>;
  readonly params: ReadonlySet<string>;
}

function parseRun(answer: unknown, client: MlflowClient): MlflowRun {
  const { info, data } = checkRow(runSchema, answer, client.address).run;
  return {
    id: info.run_id,
    artifacts: info.artifact_uri,
    steps: new Map(data.metrics.map(({ key, step }) => [key, step])),
    params: new Set(data.params.map(({ key }) => key)),
  };
}

/** The run as the server has it now. */
export async function fetchRun(client: MlflowClient, id: string): Promise<MlflowRun> {
  return parseRun(await client.get('runs/get', { run_id: id }), client);
}

const isMissing = (error: unknown) => error instanceof MlflowError && error.code === 'RESOURCE_DOES_NOT_EXIST';

async function experimentId(client: MlflowClient, name: string): Promise<string> {
  try {
    const answer = await client.get('experiments/get-by-name', { experiment_name: name });
    const { experiment } = checkRow(
      z.object({ experiment: z.object({ experiment_id: z.string() }) }),
      answer,
      client.address,
    );
    return experiment.experiment_id;
  } catch (error) {
    if (!isMissing(error)) throw error;
    const answer = await client.post('experiments/create', { name });
    return checkRow(z.object({ experiment_id: z.string() }), answer, client.address).experiment_id;
  }
}

/** The run a folder had on this server before, if both still know of it. */
async function knownRun(folder: string, client: MlflowClient): Promise<MlflowRun | undefined> {
  const file = join(folder, MLFLOW_FILE);
  if (!existsSync(file)) return undefined;
  const { address, runId } = checkRow(fileSchema, readJsonSync(file), file);
  if (address !== client.address) return undefined;
  try {
    return await fetchRun(client, runId);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The server's run for a folder, made when there is none. */
export async function openRun(folder: string, client: MlflowClient, experiment: string): Promise<MlflowRun> {
  const known = await knownRun(folder, client);
  if (known) return known;
  const made = await client.post('runs/create', {
    experiment_id: await experimentId(client, experiment),
    run_name: basename(resolve(folder)),
    start_time: Date.now(),
    tags: [{ key: 'mlflow.source.name', value: 'q-insight' }],
  });
  const run = parseRun(made, client);
  replaceTextSync(join(folder, MLFLOW_FILE), `${JSON.stringify({ address: client.address, runId: run.id })}\n`);
  return run;
}

/** Settings as parameters; those the server has are left as they are, since MLflow does not let them change. */
export async function logParams(
  client: MlflowClient,
  run: MlflowRun,
  params: readonly (readonly [name: string, value: string])[],
): Promise<void> {
  const missing = params
    .map(([key, value]) => ({ key: metricKey(key), value: value.slice(0, LONGEST_PARAM) }))
    .filter(({ key }) => !run.params.has(key));
  for (let i = 0; i < missing.length; i += MOST_PARAMS) {
    await client.post('runs/log-batch', { run_id: run.id, params: missing.slice(i, i + MOST_PARAMS) });
  }
}

/** A name as MLflow takes it: letters, digits and `_-./ :`, no empty part between slashes. */
export const metricKey = (name: string): string =>
  name
    .replaceAll(/[^\w\-. /:]/g, '_')
    .replaceAll(/\/{2,}/g, '/')
    .replaceAll(/^\/|\/$/g, '_');

/**
 * Sends the figures of some steps: all of a step in one call, so that the server has a step whole or not at all. What is
 * no finite number leaves a gap.
 */
export async function logRows(
  client: MlflowClient,
  runId: string,
  prefix: string,
  rows: readonly SentRow[],
): Promise<void> {
  const timestamp = Date.now();
  const metricsOf = ({ step, ...figures }: SentRow) =>
    Object.entries(figures).flatMap(([name, value]) =>
      Number.isFinite(value) ? [{ key: metricKey(prefix + name), value, timestamp, step }] : [],
    );
  let waiting: ReturnType<typeof metricsOf> = [];
  const send = async () => {
    if (waiting.length > 0) await client.post('runs/log-batch', { run_id: runId, metrics: waiting });
    waiting = [];
  };
  for (const row of rows) {
    const metrics = metricsOf(row);
    if (waiting.length + metrics.length > MOST_METRICS) await send();
    waiting.push(...metrics);
  }
  await send();
}
