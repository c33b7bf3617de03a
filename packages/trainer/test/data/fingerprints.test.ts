import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { changedFiles, dataFingerprints } from '../../src/data/fingerprints.js';
import { temporaryFolder } from '../helpers/temporary.js';
import { source } from './formats/upstream-tree.js';

const folder = temporaryFolder();
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test('label files, splits, photographs and folders of metas, each once', () => {
  const file = write('labels.csv', 'labels');
  const split = { file: write('lists.json', '{}'), list: 'train' };
  write('split.json', JSON.stringify({ train: ['a.png'], heldOut: ['b.png'] }));
  for (const name of ['a.png', 'b.png', 'other.png']) write(name, name);
  mkdirSync(join(folder, 'metas'));
  write('metas/1.json', '1');
  const sets = [source({ kind: 'csv', file }), source({ kind: 'koniq', file, split }), source({ kind: 'photos', folder }), source({ kind: 'dq495k', file: join(folder, 'metas') })]; // prettier-ignore
  const prints = dataFingerprints([{ kind: 'joint', sets }, sets[0]!]);
  const names = ['a.png', 'b.png', 'labels.csv', 'lists.json', 'metas/1.json', 'split.json'];
  expect(Object.keys(prints)).toEqual(names.map((name) => join(folder, name)));
  expect(prints[file]).toBe(createHash('sha256').update('labels').digest('hex'));

  appendFileSync(file, 'x');
  rmSync(join(folder, 'metas/1.json'));
  write('metas/2.json', '2');
  expect(changedFiles(prints, dataFingerprints([{ kind: 'joint', sets }]))).toEqual([
    `${file} has changed`,
    `${join(folder, 'metas/1.json')} is no longer used`,
    `${join(folder, 'metas/2.json')} is new`,
  ]);
  expect(changedFiles(prints, prints)).toEqual([]);
});
