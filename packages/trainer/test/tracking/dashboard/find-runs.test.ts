import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkFolders, findRuns } from '../../../src/tracking/dashboard/find-runs.js';
import { openRuns } from '../../../src/tracking/dashboard/runs.js';
import { writeHeldOutAnswers } from '../../../src/tracking/held-out-answers.js';
import { writeRun, writeSteps } from '../../helpers/dashboard-run.js';
import { temporaryFolder } from '../../helpers/temporary.js';

const names = (...folders: string[]) => findRuns(folders).map(({ name }) => name);
const noData = () => Promise.reject(new Error('no data'));

describe('findRuns', () => {
  test('takes runs and folders of runs, each once, in the order of their numbers', () => {
    const root = temporaryFolder();
    for (const name of ['run-10', 'run-9', 'other']) writeRun(join(root, name), 1);
    mkdirSync(join(root, 'empty'));
    expect(names(root, join(root, 'run-9'))).toEqual(['other', 'run-9', 'run-10']);
    expect(names(join(root, 'run-9'))).toEqual(['run-9']);
  });

  test('calls runs of the same name by their folders', () => {
    const [a, b] = [temporaryFolder(), temporaryFolder()];
    writeRun(join(a, 'run'), 1);
    writeRun(join(b, 'run'), 1);
    expect(new Set(names(a, b))).toEqual(new Set([join(a, 'run'), join(b, 'run')]));
  });
});

describe('checkFolders refuses', () => {
  const root = temporaryFolder();

  test('what is not there, and a file', () => {
    expect(() => checkFolders([join(root, 'none')])).toThrow(`${join(root, 'none')}: no such folder`);
    writeFileSync(join(root, 'file'), '');
    expect(() => checkFolders([join(root, 'file')])).toThrow('expected a folder, got a file');
  });

  test('a folder that holds something else, but not an empty one', () => {
    expect(() => checkFolders([root])).toThrow(
      `${root}: holds no run (there is no settings.yaml in it or in a folder in it)`,
    );
    checkFolders([temporaryFolder()]);
  });
});

describe('openRuns', () => {
  test('runs appear, go on, end and vanish', async () => {
    const root = temporaryFolder();
    const runs = openRuns([root], noData);
    expect(await runs.list(Date.now())).toEqual([]);
    const folder = writeRun(join(root, 'a'), 3);
    const now = Date.now();
    expect(await runs.list(now)).toMatchObject([{ name: 'a', step: 3, steps: 60, reward: 0.3, state: 'running' }]);
    writeSteps(folder, 4, 4);
    expect(await runs.list(now)).toMatchObject([{ step: 4, reward: 0.4 }]);
    expect(await runs.list(now + 120_000)).toMatchObject([{ state: 'silent' }]);
    mkdirSync(join(folder, 'final'));
    expect(await runs.list(now + 120_000)).toMatchObject([{ state: 'finished' }]);
    const { figures } = runs.find('a');
    renameSync(folder, join(root, 'b'));
    expect(() => runs.find('a')).toThrow("there is no run 'a' (any more)");
    expect(await runs.list(now)).toMatchObject([{ name: 'b' }]);
    await figures.update();
    rmSync(join(root, 'b'), { recursive: true });
    expect(await runs.list(now)).toEqual([]);
  });

  test('an evaluation is noticed by any of what it writes, and one more among others', async () => {
    const root = temporaryFolder();
    const runs = openRuns([root], noData);
    const evaluated = async () => (await runs.list(Date.now())).map((run) => run.evaluated);
    for (const name of ['a', 'b', 'c', 'd']) writeRun(join(root, name), 1);
    expect(await evaluated()).toEqual([0, 0, 0, 0]);
    writeHeldOutAnswers(join(root, 'a'), 1, []);
    utimesSync(join(root, 'a/held-out'), 9, 9); // long ago
    expect(await evaluated()).toEqual([9000, 0, 0, 0]);
    writeHeldOutAnswers(join(root, 'a'), 2, []);
    writeFileSync(join(root, 'b/evaluations.jsonl'), '');
    writeFileSync(join(root, 'c/evaluation.json'), '');
    const [a, b, c, d] = await evaluated();
    for (const time of [a, b, c]) expect(Math.abs(Date.now() - time!)).toBeLessThan(60_000);
    expect(d).toBe(0);
  });

  test('a run whose settings cannot be read says why, and the others are shown', async () => {
    const root = temporaryFolder();
    writeRun(join(root, 'good'), 1);
    writeFileSync(join(writeRun(join(root, 'bad'), 1), 'settings.yaml'), 'steps: many\n');
    const [bad, good] = await openRuns([root], noData).list(Date.now());
    expect(bad).toMatchObject({ name: 'bad', step: 1, steps: null });
    expect(bad!.problem).toMatch(/settings\.yaml.*steps/s);
    expect(good!.problem).toBeUndefined();
  });
});
