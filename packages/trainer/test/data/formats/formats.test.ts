import path from 'node:path';
import { expect, test } from '@jest/globals';
import type { Label } from '@q-insight/rewards';
import { checkAll } from '../../../src/data/check/check-all.js';
import { imagesOf } from '../../../src/data/prompt.js';
import { openDataset } from '../../../src/training/dataset.js';
import { temporaryFolder } from '../../helpers/temporary.js';
import { source, writeUpstreamTree } from './upstream-tree.js';

const root = temporaryFolder();
const sources = await writeUpstreamTree(root);

const score = (value: number, std?: number): Label => ({
  task: 'score',
  score: expect.closeTo(value, 12) as unknown as number,
  ...(std !== undefined && { std: expect.closeTo(std, 12) as unknown as number }),
});

const expected: Record<string, [image: string, label: Label][]> = {
  deqa: [
    ['KONIQ/images/10007357496.jpg', score(3.965932663156219, 0.7218802606358555)],
    ['KONIQ/images/2.jpg', score(1.25, 0.62)],
  ],
  degradation: [
    ['dist_imgs/a_0.png', { task: 'degradation', distortionClass: 'compression', level: 'serious' }],
    ['dist_imgs/b_0.png', { task: 'degradation', distortionClass: 'null', level: 'null' }],
  ],
  comparison: [
    ['Original/x.png', { task: 'comparison', better: 'Image A' }],
    ['Original/x.png', { task: 'comparison', better: 'Similar' }],
  ],
  generated: [
    ['c_0.png', { task: 'degradation', distortionClass: 'noise', level: 'obvious' }],
    ['d_0.png', { task: 'degradation', distortionClass: 'null', level: 'null' }],
  ],
  asked: [['c_0.png', { task: 'degradation', distortionClass: 'darken', level: 'catastrophic' }]],
  vlm: [
    ['I01_01_01.png', score(4.633587786259543)],
    ['I01_01_02.png', score(2.5)],
  ],
  // 1 and 5 are the least and the largest of the file; deviations are stretched as much: 4 / (4.57 - 1.07)
  words: [
    ['I01_01_01.png', score(5, 0.7 * (4 / 3.5))],
    ['I01_01_02.png', score(1, 0.25 * (4 / 3.5))],
  ],
  koniq: [
    ['1.jpg', score(5, 0.5 * 2)],
    ['2.jpg', score(1, 0.9 * 2)],
    ['3.jpg', score(2, 0.5 * 2)],
  ],
  spaq: [
    ['00001.jpg', score(1)],
    ['00002.jpg', score(5)],
    ['00003.jpg', score(3)],
  ],
  kadid: [
    ['I01_01_01.png', score(5)],
    ['I01_01_02.png', score(1)],
  ],
  tid2013: [
    ['I01_01_1.bmp.png', score(5)],
    ['i01_01_2.bmp.png', score(1)],
  ],
  agiqa: [
    ['AttnGAN_normal_000.jpg', score(1, 0.3 * (4 / 2.4))],
    ['sd_001.jpg', score(5, 0.2 * (4 / 2.4))],
  ],
  csv: [
    ['a.png', score(3.9, 0.5)],
    ['b.png', score(1.5)],
  ],
  jsonl: [
    ['a.png', score(3.9)],
    ['b.png', { task: 'degradation', distortionClass: 'blur', level: 'slight' }],
  ],
};

test('every format of the tree is known here', () => {
  expect(Object.keys(sources).sort()).toEqual(Object.keys(expected).sort());
});

test.each(Object.entries(expected))('%s: labels and pictures, as published', async (name, rows) => {
  const dataset = await openDataset(sources[name]!, 'train', 's');
  const prompts = await Promise.all(rows.map((_, index) => dataset.get(index)));
  expect(dataset).toHaveLength(rows.length);
  expect(prompts.map((prompt) => [imagesOf(prompt)[0]!.name, prompt.label])).toEqual(rows);
  expect(prompts.map(({ id }) => id)).toEqual(rows.map((_, index) => dataset.id!(index)));
  expect(imagesOf(prompts[0]!)[0]).toMatchObject({ width: 40, height: 32 });
});

test('nothing is wrong with the tree; what was left out is counted', async () => {
  const checks = await checkAll(
    Object.entries(sources).map(([name, one]) => ({ name, side: 'train' as const, source: one, seed: 's' })),
  );
  expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
  expect(checks.find(({ name }) => name === 'generated')).toMatchObject({ rows: 2, leftOut: 1, images: 2 });
});

test('a comparison shows reference, A and B; the other order turns label and makers round', async () => {
  const dataset = await openDataset({ ...sources['comparison']!, orders: 'both' } as never, 'train', 's');
  expect(dataset).toHaveLength(4);
  const [given, swapped] = [await dataset.get(0), await dataset.get(2)];
  expect(imagesOf(given).map(({ name }) => name)).toEqual(['Original/x.png', '03/x_03.png', '05/x_05.png']);
  expect(imagesOf(swapped).map(({ name }) => name)).toEqual(['Original/x.png', '05/x_05.png', '03/x_03.png']);
  expect(given).toMatchObject({ label: { better: 'Image A' }, metadata: { pair: given.id, swapped: false, enhancers: ['regression', 'generation'] } }); // prettier-ignore
  expect(swapped).toMatchObject({ label: { better: 'Image B' }, metadata: { pair: given.id, swapped: true, enhancers: ['generation', 'regression'] } }); // prettier-ignore
  expect((await dataset.get(3)).label).toEqual({ task: 'comparison', better: 'Similar' });
});

test('a split takes its rows, on the scale of the whole file', async () => {
  const { file } = sources['koniq'] as { file: string };
  const split = { file: path.join(root, 'KonIQ-10k/split.json'), list: 'train' };
  const dataset = await openDataset(source({ kind: 'koniq', file, split }), 'train', 's');
  expect((await Promise.all([0, 1].map((i) => dataset.get(i)))).map(({ label }) => label)).toEqual([score(5, 1), score(2, 1)]); // prettier-ignore
  await expect(openDataset(source({ kind: 'koniq', file, split: { ...split, list: 'val' } }), 'train', 's')).rejects.toThrow(/split\.json: has no list 'val', only train, test/); // prettier-ignore
});

test('a fixed scale, also one where less is better; z-scores', async () => {
  const { file } = sources['kadid'] as { file: string };
  const first = async (input: object) => (await (await openDataset(source(input), 'train', 's')).get(0)).label;
  expect(await first({ kind: 'kadid', file, scale: [0, 10] })).toEqual(score(1 + 0.4 * 4.57));
  expect(await first({ kind: 'kadid', file, scale: [10, 0] })).toEqual(score(5 - 0.4 * 4.57));
  const koniq = (sources['koniq'] as { file: string }).file;
  expect(await first({ kind: 'koniq', file: koniq, score: 'MOS_zscore', scale: [0, 100] })).toEqual(
    score(1 + 0.04 * 77.4),
  );
});

test('joint sets follow each other; sampling takes from each', async () => {
  const { koniq, degradation } = sources;
  const joint = { kind: 'joint', sets: [{ ...koniq!, sample: 'end:2' }, degradation!] } as const;
  const dataset = await openDataset(joint as never, 'train', 's');
  const prompts = await Promise.all([0, 1, 2, 3].map((i) => dataset.get(i)));
  expect(prompts.map(({ id }) => id)).toEqual(['0/score:2.jpg:0', '0/score:3.jpg:1', '1/degradation:dist_imgs/a_0.png:0', '1/degradation:dist_imgs/b_0.png:1']); // prettier-ignore
  expect(dataset).toHaveLength(4);
});

test('a wrong image folder is told, with the right one', async () => {
  const wrong = { ...sources['deqa']!, images: path.join(root, 'elsewhere') };
  await expect(openDataset(wrong as never, 'train', 's')).rejects.toThrow(
    `train_koniq_7k.json, row 1: 'image' names a file that is not there: ${path.join(root, 'elsewhere/KONIQ/images/10007357496.jpg')}; it is there with 'images: ${path.join(root, 'Data-DeQA-Score')}'`,
  );
});
