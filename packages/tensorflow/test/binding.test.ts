import { expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkVersion, loadBinding, startConfig } from '../src/binding.js';
import { sourcesDigest } from '../src/setup/compile-addon.js';

test('a library of another version than the addon is refused', () => {
  expect(() => checkVersion('2.20.0', '2.21.0')).toThrow(
    "TensorFlow's library is version 2.20.0, the addon was compiled for 2.21.0: run npx q-insight setup again",
  );
  expect(() => checkVersion('2.15.0', '2.15.0.post1')).not.toThrow();
});

test('without setup, or with another one’s addon, or a library that is gone, the message says to run it', () => {
  const cache = mkdtempSync(join(tmpdir(), 'q-insight-binding-'));
  expect(() => loadBinding({ cache })).toThrow('TensorFlow is not set up: run npx q-insight setup');
  const written = (sources: string) =>
    writeFileSync(join(cache, 'installation.json'), JSON.stringify({ sources, addon: join(cache, 'gone.node') }));
  written('other');
  expect(() => loadBinding({ cache })).toThrow(
    'by another version of @q-insight/tensorflow: run npx q-insight setup again',
  );
  written(sourcesDigest());
  expect(() => loadBinding({ cache })).toThrow(
    /library cannot be loaded \(.*gone\.node.*\): run npx q-insight setup again/s,
  );
  rmSync(cache, { recursive: true });
});

test('the configuration sets threads and lets GPU memory grow', () => {
  expect([...startConfig(2)]).toEqual([0x10, 2, 0x32, 2, 0x20, 1]);
  expect(() => startConfig(1.5)).toThrow('threads: expected a whole number from 0 to 127, got 1.5');
});
