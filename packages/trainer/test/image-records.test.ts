import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import sharp from 'sharp';
import { trainRun, type TrainOptions } from '../src/cli/train.js';
import { jointDataset } from '../src/data/joint.js';
import { openDataset } from '../src/training/dataset.js';
import { changedImages, forgetImages, hasImageRecords, recordImages } from '../src/training/image-records.js';
import { fakeParts } from './cli/fake-parts.js';
import { fakeRecipe } from './cli/fake-recipe.js';
import { source } from './data/formats/upstream-tree.js';
import { fakeDataset } from './fake-policy.js';
import { temporaryFolder } from './helpers/temporary.js';

const picture = (grey: number) =>
  sharp({ create: { width: 32, height: 32, channels: 3, background: { r: grey, g: grey, b: grey } } })
    .raw()
    .png({ compressionLevel: 0 }) // so that all are of one size
    .toBuffer();

/** A label file of two score questions and a comparison, and an empty run. */
async function folders() {
  const root = temporaryFolder();
  const run = join(root, 'run');
  mkdirSync(run);
  for (const [k, name] of ['a.png', 'b.png', 'c.png', 'unused.png'].entries())
    writeFileSync(join(root, name), await picture(k));
  const rows = [
    { image: 'a.png', task: 'score', score: 3 },
    { image: 'b.png', task: 'score', score: 2 },
    { image: 'b.png', task: 'score', score: 4 },
    { image_a: 'b.png', image_b: 'c.png', task: 'comparison', better: 'Image A' },
  ];
  const file = join(root, 'labels.jsonl');
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const dataset = await openDataset(source({ kind: 'jsonl', file }), 'train', '0');
  return { root, run, file, dataset, at: (name: string) => join(root, name) };
}

describe.each([
  ['content', undefined],
  ['time', 1000],
] as const)('images that are recorded by their %s', (by, readBytes) => {
  test('are each there once, made-up ones not at all', async () => {
    const { run, dataset, at } = await folders();
    const sets = [jointDataset([dataset, fakeDataset()], [3, 1]), fakeDataset(), dataset];
    expect(recordImages(run, sets, readBytes)).toEqual({ images: 3, by });
    expect(hasImageRecords(run)).toBe(true);
    const lines = readFileSync(join(run, 'images.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { image: string }).image)).toEqual([at('a.png'), at('b.png'), at('c.png')]); // prettier-ignore
    expect(lines.every((line) => line.includes('sha256') === (by === 'content'))).toBe(true);
    expect(changedImages(run)).toEqual([]);
    forgetImages(run);
    expect([hasImageRecords(run), changedImages(run)]).toEqual([false, []]);
  });

  test('are named when they are of another size, or gone; others are not', async () => {
    const { run, dataset, at } = await folders();
    recordImages(run, [dataset], readBytes);
    writeFileSync(at('b.png'), 'short');
    writeFileSync(at('unused.png'), 'short');
    rmSync(at('c.png'));
    expect(changedImages(run)).toEqual([`${at('b.png')} has changed`, `${at('c.png')} is gone`]);
  });

  test('are named when they have other content of the same size', async () => {
    const { run, dataset, at } = await folders();
    recordImages(run, [dataset], readBytes);
    const size = readFileSync(at('a.png')).length;
    writeFileSync(at('a.png'), await picture(200));
    expect(readFileSync(at('a.png'))).toHaveLength(size);
    utimesSync(at('a.png'), 1, 1); // the clock of the file system may be coarse
    expect(changedImages(run)).toEqual([`${at('a.png')} ${by === 'content' ? 'has changed' : 'was written again'}`]);
  });

  test('that were copied anew are the same by their content', async () => {
    const { run, dataset, at } = await folders();
    recordImages(run, [dataset], readBytes);
    utimesSync(at('a.png'), 1, 1);
    expect(changedImages(run)).toEqual(by === 'content' ? [] : [`${at('a.png')} was written again`]);
  });
});

test('a damaged record is named', async () => {
  const { run } = await folders();
  writeFileSync(join(run, 'images.jsonl'), '{"image": "a.png", "bytes": "many", "time": 1}\n');
  expect(() => changedImages(run)).toThrow(/images\.jsonl:1: 'bytes' must be/);
});

test('a run is not resumed on other images, unless told to; then these are what counts', async () => {
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const { root, dataset, at } = await folders();
  const output = join(root, 'trained');
  const parts = { ...fakeParts(), openDataset: () => Promise.resolve(dataset) };
  const on = (options: TrainOptions) =>
    trainRun(options.resume === true ? undefined : fakeRecipe({ steps: 2 }), { output, evaluate: false, ...options }, parts); // prettier-ignore
  await on({});
  const rest = { resume: true, steps: '3' };
  writeFileSync(at('b.png'), 'other');
  await expect(on(rest)).rejects.toThrow(
    `the data is not what the run was started with: ${at('b.png')} has changed; go on all the same with --changed-data`,
  );
  writeFileSync(at('b.png'), await picture(77));
  await on({ ...rest, changedData: true });
  await on({ ...rest, steps: '4' });
});
