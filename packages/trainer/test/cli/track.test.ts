import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { trackRun } from '../../src/cli/track.js';
import { trainRun } from '../../src/cli/train.js';
import { readMetrics } from '../../src/tracking/jsonl.js';
import { scalarTag } from '../../src/tracking/tensorboard/tags.js';
import { readEvents } from '../helpers/event-file.js';
import { fakeMlflow, type FakeMlflow } from '../helpers/mlflow-server.js';
import { temporaryFolder } from '../helpers/temporary.js';
import { readWandbRun } from '../helpers/wandb-file.js';
import { fakeParts } from './fake-parts.js';
import { fakeRecipe } from './fake-recipe.js';

const said: string[] = [];
let server: FakeMlflow;
beforeEach(async () => {
  said.length = 0;
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  server = await fakeMlflow();
});
afterEach(() => server.close());

/** A finished run of six steps, tracked as named. */
async function trained(track: string): Promise<string> {
  const output = join(temporaryFolder(), 'run');
  await trainRun(fakeRecipe(), { output, track, evaluate: false }, fakeParts());
  return output;
}

const track = (run: string, to: string, wait = '50') => trackRun(run, { to, wait });

const eventsOf = (run: string) =>
  readdirSync(join(run, 'tensorboard')).flatMap((name) => readEvents(join(run, 'tensorboard', name)));

/** Each figure of each step as metrics.jsonl has it. */
const figuresOf = (run: string) =>
  readMetrics(run).flatMap(({ step, ...metrics }) =>
    Object.entries(metrics).map(([name, value]) => [name, step, value]),
  );

describe('train --track', () => {
  test('all three at once hold what metrics.jsonl holds', async () => {
    const run = await trained(`tensorboard,wandb=iqa, mlflow=${server.address}`);
    expect(server.metrics.map(({ key, step, value }) => [key, step, value])).toEqual(figuresOf(run));
    const scalars = eventsOf(run).flatMap(({ step, scalars: found }) =>
      Object.entries(found).map(([tag, value]) => [tag, step, value]),
    );
    expect(scalars).toEqual(
      figuresOf(run).map(([name, step, value]) => [scalarTag(String(name)), step, Math.fround(Number(value))]),
    );
    const [folder] = readdirSync(join(run, 'wandb'));
    const records = readWandbRun(join(run, 'wandb', folder!, `run-${folder!.slice(-8)}.wandb`));
    expect(records.filter(([kind]) => kind === 'history')).toHaveLength(6);
    expect(records.at(-2)).toEqual(['files', { files: ['report.html', 'rollouts.jsonl'] }]);
    expect(server.statuses).toEqual(['RUNNING', 'FINISHED']);
    expect(server.files.has('0/r1/artifacts/report.html')).toBe(true);
  });

  test('without a word it is TensorBoard, with none nothing', async () => {
    const output = join(temporaryFolder(), 'run');
    await trainRun(fakeRecipe(), { output, evaluate: false }, fakeParts());
    expect(eventsOf(output).some(({ scalars }) => 'reward/mean' in scalars)).toBe(true);
    expect(existsSync(join(await trained('none'), 'tensorboard'))).toBe(false);
  });

  test('a name that is not known is refused before anything is made', async () => {
    const output = join(temporaryFolder(), 'run');
    await expect(trainRun(fakeRecipe(), { output, track: 'tensorbord' }, fakeParts())).rejects.toThrow(
      `--track tensorbord: 'trackers.0' must be one of tensorboard, wandb, mlflow, got "tensorbord"; did you mean 'tensorboard'?`,
    );
    expect(existsSync(output)).toBe(false);
  });

  test('trackers may change when a run goes on', async () => {
    const run = await trained('none');
    await trainRun(
      undefined,
      { output: run, resume: true, steps: '8', track: 'tensorboard', evaluate: false },
      fakeParts(),
    );
    expect(eventsOf(run).flatMap(({ step, scalars }) => ('reward/mean' in scalars ? [step] : []))).toEqual([7, 8]);
  });
});

describe('track', () => {
  test('sends a run that was not tracked, whole, and a second time nothing', async () => {
    const run = await trained('none');
    for (let time = 0; time < 2; time++) {
      expect(await track(run, `mlflow=${server.address},wandb`)).toBe(true);
      expect(server.metrics.map(({ key, step, value }) => [key, step, value])).toEqual(figuresOf(run));
    }
    expect([server.runs, server.statuses.at(-1)]).toEqual([1, 'FINISHED']);
    expect(said.at(-1)).toBe(`${run}: shown in mlflow=${server.address}, wandb\n`);
    expect(await track(run, 'tensorboard')).toBe(true);
    expect(eventsOf(run).filter(({ scalars }) => 'reward/mean' in scalars)).toHaveLength(6);
  });

  test('sends what a server missed', async () => {
    const run = await trained('none');
    await track(run, `mlflow=${server.address}`);
    server.metrics.splice(server.metrics.findIndex(({ step }) => step === 4)); // it never had the last three
    await track(run, `mlflow=${server.address}`);
    expect(server.metrics.map(({ key, step, value }) => [key, step, value])).toEqual(figuresOf(run));
  });

  test('says when not all has arrived', async () => {
    const run = await trained('none');
    server.failure = { status: 403, code: 'PERMISSION_DENIED', message: 'not yours' };
    expect(await track(run, `mlflow=${server.address}`, '1')).toBe(false);
    expect(said.join('')).toMatch(/does not answer \(not yours\)/);
  });

  test('what cannot be shown is said', async () => {
    const folder = temporaryFolder();
    await expect(track(join(folder, 'nowhere'), 'wandb')).rejects.toThrow('nowhere: holds no run');
    mkdirSync(join(folder, 'full'));
    writeFileSync(join(folder, 'full', 'thesis.txt'), '');
    await expect(track(join(folder, 'full'), 'wandb')).rejects.toThrow('is not empty and holds no run');
    await expect(track(folder, 'comet')).rejects.toThrow(
      `--to comet: 'trackers.0' must be one of tensorboard, wandb, mlflow, got "comet"`,
    );
    const run = await trained('tensorboard');
    await expect(track(run, 'tensorboard')).rejects.toThrow("holds the run's event files already");
    rmSync(join(run, 'tensorboard'), { recursive: true });
    expect(await track(run, 'tensorboard')).toBe(true);
  });
});
