import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isNeeded } from '../../src/setup/library.js';
import { unzip } from '../../src/setup/unzip.js';

/** Made by Python's zipfile: a library of 350 bytes, a header, and a file that is not needed. */
const WHEEL = Buffer.from(
  'UEsDBBQAAAAIAAAAIVxlx62PDgAAAF4BAAAgAAAAdGVuc29yZmxvdy9saWJ0ZW5zb3JmbG93X2NjLnNvLjLLyUwqSiyqzBmlaEEBAFBLAwQUAAAACAAAACFcgxbcjAMAAAABAAAAGgAAAHRlbnNvcmZsb3cvcHl0aG9uL290aGVyLnB5qwAAUEsDBBQAAAAIAAAAIVzBqHJuCAAAAAYAAAAnAAAAdGVuc29yZmxvdy9pbmNsdWRlL3RlbnNvcmZsb3cvYy9jX2FwaS5oy0hNTEktAgBQSwECFAMUAAAACAAAACFcZcetjw4AAABeAQAAIAAAAAAAAAAAAAAAgAEAAAAAdGVuc29yZmxvdy9saWJ0ZW5zb3JmbG93X2NjLnNvLjJQSwECFAMUAAAACAAAACFcgxbcjAMAAAABAAAAGgAAAAAAAAAAAAAAgAFMAAAAdGVuc29yZmxvdy9weXRob24vb3RoZXIucHlQSwECFAMUAAAACAAAACFcwahybggAAAAGAAAAJwAAAAAAAAAAAAAAgAGHAAAAdGVuc29yZmxvdy9pbmNsdWRlL3RlbnNvcmZsb3cvYy9jX2FwaS5oUEsFBgAAAAADAAMA6wAAANQAAAAAAA==',
  'base64',
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'q-insight-unzip-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('only what is needed of a wheel is unpacked', async () => {
  const file = join(folder, 'whole.whl');
  writeFileSync(file, WHEEL);
  const target = join(folder, 'whole');
  expect(await unzip(file, target, isNeeded)).toBe(2);
  expect(readFileSync(join(target, 'tensorflow/libtensorflow_cc.so.2'), 'utf8')).toBe('library'.repeat(50));
  expect(readdirSync(join(target, 'tensorflow')).sort()).toEqual(['include', 'libtensorflow_cc.so.2']);
});

test('a truncated wheel is no zip file', async () => {
  const file = join(folder, 'cut.whl');
  writeFileSync(file, WHEEL.subarray(0, -40));
  await expect(unzip(file, join(folder, 'cut'), isNeeded)).rejects.toThrow(/cut\.whl is not a whole zip file/);
});
