import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../src/setup/cache.js';
import { readInstallation, writeInstallation } from '../../src/setup/installation.js';
import { unusableReason } from '../../src/setup/library.js';
import { withLock } from '../../src/setup/lock.js';
import { thisMachine, unsupportedReason } from '../../src/setup/machine.js';
import { setup } from '../../src/setup/setup.js';

let folder: string;
const environment = { ...process.env };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'q-insight-setup-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  process.env = { ...environment };
});

test('the cache folder can be moved', () => {
  expect(cacheFolder({ Q_INSIGHT_CACHE: '/a' })).toBe('/a/tensorflow');
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe('/b/q-insight/tensorflow');
  expect(cacheFolder({})).toMatch(/\.cache\/q-insight\/tensorflow$/);
});

test('where setup has not run, nothing is installed', () => {
  expect(readInstallation(join(folder, 'nowhere'))).toBeUndefined();
});

test('an installation is written whole', async () => {
  const installation = {
    ...{ tensorflow: '2.21.0', variant: 'cpu' as const, source: 'wheel' as const },
    ...{ library: '/l', addon: '/a', kernels: '/k', sources: 's' },
  };
  await writeInstallation(installation, folder);
  expect(readInstallation(folder)).toEqual(installation);
  expect(readdirSync(folder)).toEqual(['installation.json']);
});

// Elsewhere setup refuses the platform first, which machine.test.ts covers.
const onSupportedMachine = unsupportedReason(thisMachine()) === undefined ? test : test.skip;

onSupportedMachine('without a compiler nothing is downloaded or left', async () => {
  process.env['PATH'] = '/nonexistent';
  const cache = join(folder, 'cache');
  await expect(setup({ cache })).rejects.toThrow('setup: no C++ compiler');
  expect(existsSync(cache)).toBe(false);
});

onSupportedMachine('an index out of reach leaves nothing half-installed', async () => {
  process.env['PIP_INDEX_URL'] = 'http://127.0.0.1:9/simple'; // the discard port: nobody listens
  process.env['CXX'] = process.execPath; // answers --version
  process.env['PATH'] = '/nonexistent'; // no Python either
  await expect(setup({ cache: folder })).rejects.toThrow('setup: cannot reach 127.0.0.1:9 (');
  expect(readInstallation(folder)).toBeUndefined();
  expect(readdirSync(folder).filter((name) => name !== 'downloads')).toEqual([]);
});

test('one setup at a time; the lock of a dead process does not hold', async () => {
  writeFileSync(join(folder, 'setup.lock'), String(process.ppid));
  await expect(withLock(folder, () => Promise.resolve())).rejects.toThrow(`process ${process.ppid} is setting up`);
  writeFileSync(join(folder, 'setup.lock'), String(2 ** 22 + 1)); // above any pid
  expect(await withLock(folder, () => Promise.resolve(7))).toBe(7);
  expect(readdirSync(folder)).toEqual([]);
});

test('a TensorFlow of the wrong version, or without what is needed, is passed over with the reason', () => {
  expect(unusableReason({ version: '2.9.1', folder }, 'cpu')).toBe('version 2.9.1, needs 2.x from 2.15');
  expect(unusableReason({ version: '3.0.0', folder }, 'cpu')).toBe('version 3.0.0, needs 2.x from 2.15');
  expect(unusableReason({ version: '2.20.0', folder }, 'cpu')).toBe('it has no libtensorflow_cc.so.2');
  const package_ = join(folder, 'tensorflow');
  mkdirSync(join(package_, 'include/tensorflow/c/eager'), { recursive: true });
  for (const file of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'include/tensorflow/c/eager/c_api.h'])
    writeFileSync(join(package_, file), '');
  expect(unusableReason({ version: '2.20.0', folder: package_ }, 'cpu')).toBeUndefined();
  expect(unusableReason({ version: '2.20.0', folder: package_ }, 'cuda')).toBe('its CUDA libraries are not installed');
});
