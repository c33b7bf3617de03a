import { expect, test } from '@jest/globals';
import { checkDiskSpace, findCompiler, thisMachine, unsupportedReason } from '../../src/setup/machine.js';

const good = { platform: 'linux', architecture: 'x64', glibc: '2.36', cpuFlags: new Set(['sse2', 'avx']) };

test('a Linux with glibc on x86-64 with AVX will do', () => {
  expect(unsupportedReason(good)).toBeUndefined();
});

test.each([
  [{ platform: 'darwin' }, 'needs Linux on x86-64, this is darwin on x64'],
  [{ architecture: 'arm64' }, 'this is linux on arm64'],
  [{ glibc: undefined }, 'musl'],
  [{ glibc: '2.17' }, 'needs glibc 2.27 or later, this machine has 2.17'],
  [{ glibc: '2.4' }, 'this machine has 2.4'],
  [{ cpuFlags: new Set(['sse2']) }, 'AVX'],
])('any other machine is told why: %j', (difference, text) => {
  expect(unsupportedReason({ ...good, ...difference })).toContain(text);
});

test('this machine can be read', () => {
  expect(thisMachine()).toMatchObject({ platform: process.platform, architecture: process.arch });
});

test('without a compiler, the message says which were tried and how to get one', () => {
  expect(() => findCompiler({ PATH: '/nonexistent', CXX: 'my-compiler' })).toThrow(
    'no C++ compiler (tried my-compiler, g++, c++, clang++)',
  );
});

test('a disk too small is refused before anything is downloaded', async () => {
  await expect(checkDiskSpace('.', 1e18)).rejects.toThrow(/needs 1000000000\.0 GB of disk, .* are left/);
  await expect(checkDiskSpace('.', 1)).resolves.toBeUndefined();
});
