import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import sharp from 'sharp';
import { dataSource } from '../../src/config/data-source.js';
import { openDataset } from '../../src/training/dataset.js';
import { linesOf } from '../helpers/dashboard-run.js';
import { temporaryFolder } from '../helpers/temporary.js';

const folder = temporaryFolder();
await sharp({ create: { width: 30, height: 30, channels: 3, background: '#123456' } }).toFile(join(folder, 'a:1.png'));
copyFileSync(join(folder, 'a:1.png'), join(folder, 'b.png'));
const image = 'a:1.png'; // a name that looks like the end of an id
const file = join(folder, 'scores.jsonl');
writeFileSync(file, linesOf([1, 2].map((score) => ({ image, task: 'score', score }))));
const pairs = join(folder, 'pairs.json');
const pair = { ref_image: image, ImageA: image, ImageB: 'b.png', result: 'Image A' };
writeFileSync(pairs, JSON.stringify([pair, pair, pair]));

const photos = { kind: 'photos', folder: 'examples/photos', size: 3 };
const labels = { kind: 'jsonl', file };
const comparisons = { kind: 'q-insight-comparison', file: pairs, images: folder, orders: 'both' };

test.each([
  ['photographs', photos],
  ['label files', labels],
  ['comparisons in both orders', comparisons],
  ['several of them', { kind: 'joint', sets: [labels, photos, comparisons] }],
])('finds each prompt of %s by its id, and nothing by what is none', async (_, source) => {
  const data = await openDataset(dataSource.parse(source), 'train', 's');
  const found: (number | undefined)[] = [];
  for (let i = 0; i < data.length; i++) found.push(data.indexOf!((await data.get(i)).id));
  expect(found).toEqual(Array.from({ length: data.length }, (__, i) => i));
  for (const id of ['', 'x', 'score:a.jpg:', '9/score:a.jpg:0x']) expect(data.indexOf!(id)).toBeUndefined();
});
