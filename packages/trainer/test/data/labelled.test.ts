import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { imagesOf } from '../../src/data/prompt.js';
import { openDataset } from '../../src/training/dataset.js';
import { source } from './formats/upstream-tree.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'labelled-'));
  const pixels = await sharp({ create: { width: 30, height: 20, channels: 3, background: '#123456' } })
    .png()
    .toBuffer();
  writeFileSync(path.join(folder, 'a.png'), pixels);
  writeFileSync(path.join(folder, 'broken.png'), pixels.subarray(0, 40));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}
const open = (file: string, images?: string) =>
  openDataset(source({ kind: 'jsonl', file, ...(images !== undefined && { images }) }), 'train', 's');
const score = { image: 'a.png', task: 'score', score: 3.9 };
const degradation = { image: 'a.png', task: 'degradation', distortion_class: 'noise', severity: 'obvious' };
const lines = (...rows: unknown[]) => write('rows.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));

test('reads lines and arrays to the same prompts', async () => {
  const fromLines = await open(lines(score, degradation));
  const fromArray = await open(write('rows.json', JSON.stringify([score, degradation])));
  expect(fromLines).toHaveLength(2);
  expect(await fromLines.get(0)).toEqual(await fromArray.get(0));
  const prompt = await fromLines.get(1);
  expect(prompt).toMatchObject({
    id: 'degradation:a.png:1',
    label: { task: 'degradation', distortionClass: 'noise', level: 'obvious' },
  });
  expect(prompt.messages[1]!.content).toMatchObject([
    { type: 'image', image: { name: 'a.png', width: 30, height: 20 } },
    { type: 'text' },
  ]);
  expect((await fromLines.get(0)).label).toEqual({ task: 'score', score: 3.9 });
});

test('looks for images where told', async () => {
  const file = write('elsewhere.jsonl', JSON.stringify(score));
  await expect(open(file, path.join(folder, 'none'))).rejects.toThrow(/none\/a\.png/);
  expect(await open(file, folder)).toHaveLength(1);
});

describe('names file, row and field of', () => {
  test.each<[string, unknown, string]>([
    ['a label of the wrong type', { ...score, score: '3.9' }, `'score' must be a number, got "3.9"`],
    ['a score out of range', { ...score, score: 7 }, "'score' must be at most 5, got 7"],
    ['an unknown key', { ...score, mos: 3 }, "'mos' is not a known field; known here: image, task, score"],
    ['an unknown task', { ...score, task: 'rank' }, `'task' must be one of score, degradation, comparison, got "rank"`],
    [
      'an unknown class',
      { ...degradation, distortion_class: 'JPEG' },
      `'distortion_class' must be one of noise, blur, compression, darken, null, got "JPEG"`,
    ],
    [
      'a class without severity',
      { ...degradation, severity: 'null' },
      `'severity' must be "null" exactly when distortion_class is`,
    ],
    ['a missing field', { image: 'a.png', task: 'score' }, "'score' is required"],
    ['a missing image', { ...score, image: 'b.png' }, "'image' names a file that is not there: "],
    ['something that is no object', 5, 'must be an object, got 5'],
  ])('%s', async (_, row, message) => {
    const file = lines(score, row);
    await expect(open(file)).rejects.toThrow(`${file}, row 2: ${message}`);
  });

  test('a line that is not JSON, counted with the blank ones', async () => {
    const file = write('bad.jsonl', `${JSON.stringify(score)}\n\n{"image":\n`);
    await expect(open(file)).rejects.toThrow(/bad\.jsonl, row 3: not JSON/);
  });
});

test('names the file when it is missing, empty, or no array', async () => {
  await expect(open(path.join(folder, 'gone.jsonl'))).rejects.toThrow(/gone\.jsonl: label file not found/);
  await expect(open(write('empty.jsonl', '\n'))).rejects.toThrow(/empty\.jsonl: no rows/);
  await expect(open(write('object.json', '{}'))).rejects.toThrow(/object\.json: must hold an array/);
});

test('names a corrupt image with file and row', async () => {
  const dataset = await open(lines(score, { ...score, image: 'broken.png' }));
  await expect(dataset.get(1)).rejects.toThrow(
    /rows\.jsonl, row 2: 'image' cannot be read: .*broken\.png: not a readable image/,
  );
});

test('comparisons of your own, in lines and in a table, with the reference, without, and hidden', async () => {
  const pair = { task: 'comparison', image_a: 'a.png', image_b: 'b.png', better: 'Image B' };
  writeFileSync(path.join(folder, 'b.png'), await sharp(path.join(folder, 'a.png')).negate().png().toBuffer());
  const file = lines(pair, { ...pair, reference: 'a.png' });
  const shown = async (changes: object) => {
    const dataset = await openDataset(source({ kind: 'jsonl', file, ...changes }), 'train', 's');
    const prompts = await Promise.all([...Array(dataset.length).keys()].map((index) => dataset.get(index)));
    return prompts.map((prompt) => imagesOf(prompt).map(({ name }) => name));
  };
  expect(await shown({})).toEqual([['a.png', 'b.png'], ['a.png', 'a.png', 'b.png']]); // prettier-ignore
  expect(await shown({ reference: 'hidden' })).toEqual([['a.png', 'b.png'], ['a.png', 'b.png']]); // prettier-ignore
  expect((await shown({ orders: 'both' }))[2]).toEqual(['b.png', 'a.png']);
  const table = write('pairs.csv', 'image_a,image_b,better\na.png,b.png,Similar\n');
  const dataset = await openDataset(source({ kind: 'csv', file: table }), 'train', 's');
  expect((await dataset.get(0)).label).toEqual({ task: 'comparison', better: 'Similar' });
  const same = openDataset(source({ kind: 'jsonl', file: lines({ ...pair, image_b: 'a.png' }) }), 'train', 's');
  await expect(same).rejects.toThrow(/rows\.jsonl, row 1: 'image_b' is the same as image_a: a\.png/);
});

test('words of your own and the place of the image, from the recipe to the prompt', async () => {
  const wording = { score: 'Well?', system: '' };
  const dataset = await openDataset(
    source({ kind: 'jsonl', file: lines(score), wording, place: 'last' }),
    'train',
    's',
  );
  expect((await dataset.get(0)).messages).toMatchObject([
    { role: 'user', content: [{ type: 'text', text: 'Well?' }, { type: 'image' }] },
  ]);
});
