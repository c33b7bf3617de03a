import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readSplit } from '../../src/data/photos.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'split-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (content: string) => writeFileSync(path.join(folder, 'split.json'), content);

test('the example photographs: every one on one side, none on both', () => {
  const examples = path.join(import.meta.dirname, '../../../../examples/photos');
  const train = readSplit(examples, 'train');
  const heldOut = readSplit(examples, 'heldOut');
  const files = readdirSync(examples).filter((name) => name.endsWith('.jpg'));
  expect([...train, ...heldOut].sort()).toEqual(files.sort());
  expect([train.length, heldOut.length]).toEqual([26, 9]);
});

test('says what is wrong with a split', () => {
  expect(() => readSplit(path.join(folder, 'none'), 'train')).toThrow(/none\/split\.json: not found/);
  write('{');
  expect(() => readSplit(folder, 'train')).toThrow(/split\.json: not JSON/);
  write('{"train": ["a.jpg"]}');
  expect(() => readSplit(folder, 'train')).toThrow(/split\.json: 'heldOut' is required/);
  write('{"train": ["a.jpg", "b.jpg"], "heldOut": ["b.jpg"]}');
  expect(() => readSplit(folder, 'train')).toThrow(/must not be trained on: b\.jpg/);
});
