import { mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  decisiveDifferences,
  defaultRunFolder,
  newestRun,
  readRunSettings,
  settingsHash,
  writeRunSettings,
} from '../../src/config/run-folder.js';
import { fakeSettings } from '../fake-run.js';
import { temporaryFolder } from '../helpers/temporary.js';

describe('run folders', () => {
  test('are named after the recipe and the time', () => {
    expect(defaultRunFolder('recipes/tiny.yaml', new Date(2026, 0, 2, 3, 4, 5))).toBe(
      join('runs', 'tiny-20260102-030405'),
    );
  });

  test('settings come back as they were written', () => {
    const folder = join(temporaryFolder(), 'run');
    const settings = fakeSettings({ timeLimitMinutes: 3, seed: 'x' });
    writeRunSettings(folder, settings);
    expect(readRunSettings(folder)).toEqual(settings);
    expect(() => readRunSettings(join(folder, 'other'))).toThrow(/other: not a run folder/);
  });

  test('the newest is the one started last; folders without settings are no runs', () => {
    const root = temporaryFolder();
    for (const name of ['b', 'a', 'c']) writeRunSettings(join(root, name), fakeSettings());
    mkdirSync(join(root, 'zz'));
    const times = { a: 30, b: 10, c: 20 };
    for (const [name, time] of Object.entries(times)) utimesSync(join(root, name, 'settings.yaml'), time, time);
    expect(newestRun(root)).toBe(join(root, 'a'));
    expect(() => newestRun(join(root, 'zz'))).toThrow(/no run found in '.*zz'/);
  });

  test('the hash knows what decides the numbers and nothing else', () => {
    const hash = settingsHash(fakeSettings());
    expect(settingsHash(fakeSettings({ steps: 999, keep: 7, saveEvery: 3, output: 'x', timeLimitMinutes: 1 }))).toBe(
      hash,
    );
    expect(settingsHash(fakeSettings({ seed: 1 }))).not.toBe(hash);
    expect(settingsHash(fakeSettings({ grpo: { groupSize: 9 } }))).not.toBe(hash);
  });

  test('differences name key, old value and new', () => {
    const changed = fakeSettings({ seed: 1, steps: 999, optimizer: { learningRate: 2, schedule: 'linear' } });
    expect(decisiveDifferences(fakeSettings(), changed)).toEqual([
      'optimizer.schedule ("constant", now "linear")',
      'seed (0, now 1)',
    ]);
    expect(decisiveDifferences(fakeSettings(), fakeSettings())).toEqual([]);
  });
});
