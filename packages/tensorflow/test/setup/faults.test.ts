import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBinding } from '../../src/binding.js';
import { sourcesDigest } from '../../src/setup/compile-addon.js';
import { download } from '../../src/setup/download.js';
import { readInstallation, writeInstallation } from '../../src/setup/installation.js';
import { thisMachine, unsupportedReason } from '../../src/setup/machine.js';
import { setup } from '../../src/setup/setup.js';
import { unzip } from '../../src/setup/unzip.js';
import { KERNELS } from '../../src/setup/versions.js';

const onSupportedMachine = unsupportedReason(thisMachine()) === undefined ? test : test.skip;
const onFullDevice = existsSync('/dev/full') ? test : test.skip; // each write to it fails with ENOSPC

let folder: string;
let cache: string;
const environment = { ...process.env };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'q-insight-faults-'));
  cache = join(folder, 'cache');
  mkdirSync(cache);
});
afterEach(() => {
  process.env = { ...environment };
  rmSync(folder, { recursive: true });
});

function program(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** All that setup needs but a working compiler: a Python with a TensorFlow that looks whole, and the kernels. */
function allButCompiler(version: string): void {
  const library = join(folder, 'tensorflow');
  mkdirSync(join(library, 'include/tensorflow/c/eager'), { recursive: true });
  for (const file of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'include/tensorflow/c/eager/c_api.h'])
    writeFileSync(join(library, file), 'cut short');
  program('python3', `echo '${JSON.stringify({ version, folder: library })}'`);
  mkdirSync(join(cache, `kernels-${KERNELS.version}`));
  process.env['PATH'] = `${folder}:${environment['PATH'] ?? ''}`;
}

/** A compiler that answers `--version`, then does what it is told. */
const compiler = (then: string) => {
  process.env['CXX'] = program('fake-compiler', `[ "$1" = --version ] && exit 0\n${then}`);
};

/** Kernels may stay: they are whole. */
const left = () => readdirSync(cache).filter((name) => name !== `kernels-${KERNELS.version}`);

onSupportedMachine.each([
  ['is killed, as by the kernel when memory runs out', 'kill -9 $$', /^setup: .*fake-compiler was ended by SIGKILL$/],
  ['finds an error', 'echo "addon.cc:1: no such thing" >&2; exit 1', /failed \(exit status 1\):\naddon.cc:1: no such/],
  ['finds the disk full', 'echo "No space left on device" >&2; exit 1', /No space left on device/],
  [
    'makes what does not load',
    'while [ "$1" != -o ]; do shift; done; echo garbage > "$2"',
    /^setup: the compiled addon does not run here: .*(invalid ELF header|file too short)/,
  ],
])('when the compiler %s, that is said and nothing stays', async (_, then, message) => {
  allButCompiler('2.21.0');
  compiler(then);
  await expect(setup({ cache })).rejects.toThrow(message);
  expect(readInstallation(cache)).toBeUndefined();
  expect(left()).toEqual([]);
});

onSupportedMachine('what a killed setup left is cleared by the next one', async () => {
  allButCompiler('2.21.0');
  mkdirSync(join(cache, 'partial-abc'));
  writeFileSync(join(cache, 'partial-abc', 'half.so'), 'half');
  writeFileSync(join(cache, 'setup.lock'), String(2 ** 22 + 1)); // above any pid
  compiler('exit 1');
  await expect(setup({ cache })).rejects.toThrow('failed (exit status 1)');
  expect(left()).toEqual([]);
});

onSupportedMachine('a failed setup leaves the installation that was there', async () => {
  allButCompiler('2.21.0');
  const before = {
    ...{ tensorflow: '2.20.0', variant: 'cpu' as const, source: 'python' as const },
    ...{ library: '/l', addon: '/a', kernels: '/k', sources: 'older' },
  };
  await writeInstallation(before, cache);
  compiler('exit 1');
  await expect(setup({ cache })).rejects.toThrow('failed (exit status 1)');
  expect(readInstallation(cache)).toEqual(before);
});

onSupportedMachine('a TensorFlow of the wrong version is passed over, with the reason in the log', async () => {
  allButCompiler('2.9.1');
  compiler('exit 1');
  process.env['PIP_INDEX_URL'] = 'http://127.0.0.1:9/simple'; // the discard port: nobody listens
  program(
    'python3',
    `[ "$2" = pip ] && exit 1; echo '{"version": "2.9.1", "folder": "${join(folder, 'tensorflow')}"}'`,
  );
  const lines: string[] = [];
  await expect(setup({ cache, log: (line) => lines.push(line) })).rejects.toThrow('cannot reach 127.0.0.1:9');
  expect(lines[0]).toMatch(/^passing over the TensorFlow in .*: version 2\.9\.1, needs 2\.x from 2\.15$/);
  expect(left().filter((name) => name !== 'downloads')).toEqual([]);
});

test('an addon or library that was cut short is named when it is loaded', () => {
  const addon = join(cache, 'addon.node');
  writeFileSync(addon, '\x7fELF');
  writeFileSync(join(cache, 'installation.json'), JSON.stringify({ sources: sourcesDigest(), addon }));
  expect(() => loadBinding({ cache })).toThrow(
    /^TensorFlow's library cannot be loaded \(.*addon\.node.*\): run npx q-insight setup again$/,
  );
});

onFullDevice('a disk that fills up while downloading is named, and no file is there', async () => {
  const server = createServer((_, response) => response.end(Buffer.alloc(100_000)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const file = join(folder, 'a.whl');
  symlinkSync('/dev/full', `${file}.part`);
  const { port } = server.address() as AddressInfo;
  await expect(download(`http://127.0.0.1:${port}/a.whl`, file, () => undefined)).rejects.toThrow(
    `setup: the disk is full (${file}.part)`,
  );
  expect(existsSync(file)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});

/** One stored file `a.so` of 4 bytes, made by Python's zipfile. */
const ZIP = Buffer.from(
  'UEsDBBQAAAAAAAAAIVxj8/OtBAAAAAQAAAAEAAAAYS5zb2RhdGFQSwECFAMUAAAAAAAAACFcY/PzrQQAAAAEAAAABAAAAAAAAAAAAAAAgAEAAAAAYS5zb1BLBQYAAAAAAQABADIAAAAmAAAAAAA=',
  'base64',
);

onFullDevice('and so is one that fills up while unpacking', async () => {
  const wheel = join(folder, 'b.whl');
  writeFileSync(wheel, ZIP);
  symlinkSync('/dev/full', join(folder, 'a.so'));
  await expect(unzip(wheel, folder, () => true)).rejects.toThrow(`setup: the disk is full (${join(folder, 'a.so')})`);
});
