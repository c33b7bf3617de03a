import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { writeRunSettings } from '../../../src/config/run-folder.js';
import { alarmTracker } from '../../../src/tracking/alarms/tracker.js';
import type { RunEvent, StepMetrics, Tracker } from '../../../src/tracking/events.js';
import { jsonlTracker } from '../../../src/tracking/jsonl.js';
import { metricKey } from '../../../src/tracking/mlflow/run.js';
import { mlflowTracker, type MlflowOptions } from '../../../src/tracking/mlflow/tracker.js';
import { fakeSettings } from '../../fake-run.js';
import { fakeMlflow, type FakeMlflow } from '../../helpers/mlflow-server.js';
import { temporaryFolder } from '../../helpers/temporary.js';
import { until } from '../../helpers/until.js';

const servers: FakeMlflow[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function startServer(artifacts?: string): Promise<FakeMlflow> {
  const server = await fakeMlflow(artifacts);
  servers.push(server);
  return server;
}

/** A run folder with its files and the tracker, and what it was warned of. */
function newRun(address: string, options: Partial<MlflowOptions> = {}, run = temporaryFolder()) {
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  const open = (): Tracker[] => {
    const mlflow = mlflowTracker(run, { address, warn, every: 0, lastWait: 50, env: {}, ...options });
    return [jsonlTracker(run), alarmTracker(run, [mlflow]), mlflow];
  };
  writeRunSettings(run, fakeSettings());
  return { run, warnings, open };
}

async function tell(trackers: readonly Tracker[], ...events: RunEvent[]): Promise<void> {
  for (const event of events) for (const track of trackers) await track(event);
}

const start = (step = 0): RunEvent => ({ type: 'start', step, steps: 9 });
const step = (step: number, metrics: StepMetrics = { reward: step / 4 }): RunEvent => {
  return { type: 'step', step, steps: 9, metrics, rollouts: [] };
};
const end: RunEvent = { type: 'end', step: 3, steps: 9, outcome: 'finished' };
/** By name: those of steps and of evaluations may overtake each other. */
const points = ({ metrics }: FakeMlflow) =>
  metrics.map(({ key, step: at, value }) => [key, at, value] as const).sort(([a], [b]) => a.localeCompare(b));

describe('mlflowTracker', () => {
  test('sends settings, every figure of every step, evaluations, alarms, the status and the files', async () => {
    const server = await startServer();
    const { run, open, warnings } = newRun(server.address);
    const trackers = open();
    const figures = { reward: 1.5, srcc: null } as Extract<RunEvent, { type: 'evaluation' }>['figures'];
    await tell(trackers, start(), step(1), step(2, { reward: 0.5, loss: NaN }));
    await tell(trackers, { type: 'evaluation', step: 2, figures, isBest: true }, step(3), end);
    writeFileSync(join(run, 'report.html'), '<html>');
    await tell(trackers, { type: 'report' });

    expect(points(server)).toEqual([
      ['evaluation/reward', 2, 1.5],
      ['reward', 1, 0.25],
      ['reward', 2, 0.5],
      ['reward', 3, 0.75],
    ]);
    expect(server.experiments).toEqual(['q-insight']);
    expect(server.params.get('grpo.groupSize')).toBe('8');
    expect(server.params.get('data.train.folder')).toBe('"nowhere"');
    expect(server.tags.get('alarm.not-a-number')).toBe('step 2: not a finite number: loss');
    expect(server.statuses).toEqual(['RUNNING', 'FINISHED']);
    expect([...server.files.keys()].sort()).toEqual(
      ['alarms.jsonl', 'evaluations.jsonl', 'metrics.jsonl', 'report.html', 'settings.yaml'].map(
        (name) => `0/r1/artifacts/${name}`,
      ),
    );
    expect(server.files.get('0/r1/artifacts/report.html')).toBe('<html>');
    expect(warnings).toEqual([]);
  });

  test('a server that comes back gets what it missed; the run never fails and hears of it once', async () => {
    const server = await startServer();
    const { open, warnings } = newRun(server.address);
    const trackers = open();
    server.failure = { status: 503, code: 'TEMPORARILY_UNAVAILABLE', message: 'come back later' };
    await tell(trackers, start(), step(1), step(2));
    await until(() => warnings.length > 0); // a step does not wait for a slow answer
    server.failure = undefined;
    await tell(trackers, step(3), end);
    expect(points(server)).toEqual([1, 2, 3].map((at) => ['reward', at, at / 4]));
    expect(warnings).toEqual([
      `mlflow: ${server.address} does not answer (come back later); training goes on, figures follow later`,
    ]);
    expect(server.statuses.at(-1)).toBe('FINISHED');
  });

  test('a server that is not there at all: the run ends, and says how to send it later', async () => {
    const server = await startServer();
    await server.close();
    const { run, open, warnings } = newRun(server.address, { lastWait: 0.5 });
    const trackers = open();
    await tell(trackers, start(), step(1), end, { type: 'report' });
    const later = `q-insight track ${run} --to mlflow=${server.address}`;
    expect(warnings[0]).toMatch(/does not answer \(connect ECONNREFUSED/);
    expect(warnings[1]).toBe(
      `mlflow: ${server.address} did not answer at the end; what is missing can be sent with: ${later}`,
    );
    expect(warnings[2]).toContain(later);
    expect(warnings).toHaveLength(3);
    expect(existsSync(join(run, 'mlflow.json'))).toBe(false);
  });

  test('a server that never answers holds a step up for a moment only', async () => {
    const server = await startServer();
    server.failure = 'silence';
    const { open, warnings } = newRun(server.address, { lastWait: 0.5 });
    const trackers = open();
    const began = performance.now();
    await tell(trackers, start(), step(1), step(2), end);
    expect(performance.now() - began).toBeLessThan(8000); // 0.25 s a step and 0.5 s at the end, against 10 s for one answer
    expect(warnings.at(-1)).toContain('did not answer at the end');
  });

  test('a run that goes on goes on in the same run there, with each step once', async () => {
    const server = await startServer();
    const { run, open } = newRun(server.address);
    await tell(open(), start(), step(1), step(2), step(3));
    await until(() => server.metrics.length === 3); // and is killed
    const again = newRun(server.address, {}, run);
    writeRunSettings(run, fakeSettings({ steps: 70 })); // a parameter there never changes
    const trackers = again.open();
    await tell(trackers, start(1), step(2), step(3), step(4), { ...end, outcome: 'interrupted' });
    expect(again.warnings).toEqual([]);
    expect([server.runs, server.params.get('steps')]).toEqual([1, '60']);
    expect(points(server)).toEqual([1, 2, 3, 4].map((at) => ['reward', at, at / 4]));
    expect(server.statuses).toEqual(['RUNNING', 'RUNNING', 'KILLED']);
    expect(server.requests.filter((request) => request.includes('experiments'))).toHaveLength(2); // asked, made
  });

  test('a run that failed is marked as such', async () => {
    const server = await startServer();
    const trackers = newRun(server.address).open();
    await tell(trackers, start(), step(1), { type: 'failed', message: 'NaN' });
    expect(server.statuses).toEqual(['RUNNING', 'FAILED']);
  });

  test('files that the server does not store itself stay, which is said', async () => {
    const server = await startServer('s3://bucket/0/r1/artifacts');
    const { run, open, warnings } = newRun(server.address);
    await tell(open(), start(), step(1), end, { type: 'report' });
    expect(warnings[0]).toMatch(`does not store files itself but at s3://bucket/0/r1/artifacts; files stay in ${run}`);
    expect(server.files.size).toBe(0);
  });

  test('address, experiment and credentials come from the environment as for MLflow itself', async () => {
    const server = await startServer();
    const env = {
      MLFLOW_TRACKING_URI: `${server.address}/`,
      MLFLOW_EXPERIMENT_NAME: 'mine',
      MLFLOW_TRACKING_USERNAME: 'ann',
      MLFLOW_TRACKING_PASSWORD: 'secret',
    };
    await tell(newRun('', { env, address: undefined }).open(), start(), step(1), end);
    expect(server.experiments).toEqual(['mine']);
    expect(server.headers.authorization).toBe(`Basic ${Buffer.from('ann:secret').toString('base64')}`);
    expect(() => mlflowTracker('run', { warn: () => {}, env: {} })).toThrow(
      'tracker mlflow: name its address, mlflow=http://127.0.0.1:5000, or set MLFLOW_TRACKING_URI',
    );
  });

  test('more figures than one call may hold are cut between steps, never within one', async () => {
    const server = await startServer();
    const { open, warnings } = newRun(server.address, { every: 1000 });
    const many = (at: number) => step(at, Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`m${i}`, at])));
    server.failure = { status: 500, code: 'X', message: 'not yet' };
    const trackers = open();
    await tell(trackers, start(), ...[1, 2, 3, 4, 5].map(many));
    await until(() => warnings.length > 0);
    server.failure = undefined;
    await tell(trackers, end);
    const batches = server.requests.filter((request) => request.endsWith('log-batch'));
    expect(server.metrics).toHaveLength(1500);
    expect(batches).toHaveLength(1 + 2); // settings; three steps and two
  });
});

test('names are what MLflow takes', () => {
  expect(['rewards/format/mean', 'rewards/größe?/mean', 'a//b', '/a/'].map(metricKey)).toEqual([
    'rewards/format/mean',
    'rewards/gr__e_/mean',
    'a/b',
    '_a_',
  ]);
});
