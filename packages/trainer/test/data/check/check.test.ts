import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import sharp from 'sharp';
import { dataCheck } from '../../../src/cli/data.js';
import { labelStatistics } from '../../../src/data/check/statistics.js';
import { statisticsText } from '../../../src/data/check/text.js';
import type { LabelRow } from '../../../src/data/row.js';
import { temporaryFolder } from '../../helpers/temporary.js';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const picture = (name: string, shade: number, side = 40) =>
  sharp({ create: { width: side, height: 40, channels: 3, background: { r: shade, g: 9, b: 9 } } }).toFile(at(name));
const row = (image: string, score: number) => `${JSON.stringify({ image, task: 'score', score })}\n`;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  for (const [i, name] of ['a.png', 'b.png', 'c.png', 'd.png'].entries()) await picture(name, 10 * i);
  await picture('narrow.png', 99, 27);
  copyFileSync(at('a.png'), at('copy-of-a.png'));
  writeFileSync(at('cut.png'), readFileSync(at('d.png')).subarray(0, 60));
  writeFileSync(at('good.jsonl'), row('a.png', 2) + row('b.png', 4.5));
  writeFileSync(at('clean.jsonl'), row('c.png', 3));
  writeFileSync(
    at('bad.jsonl'),
    row('a.png', 2) + row('gone.png', 3) + row('cut.png', 3) + row('narrow.png', 3) + row('c.png', 9) + row('a.png', 2.5) + row('copy-of-a.png', 2), // prettier-ignore
  );
});

const printed: string[] = [];
beforeEach(() => {
  printed.length = 0;
  jest.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
});

function recipe(train: string, heldOut: string): string {
  const file = at('recipe.yaml');
  const source = (name: string) => `{ kind: jsonl, file: ${JSON.stringify(at(name))} }`;
  writeFileSync(file, `model: { anything: 1 }\ndata:\n  train: ${source(train)}\n  heldOut: ${source(heldOut)}\n`);
  return file;
}
const plain = { smallest: '28', limit: '10' };

test('nothing wrong: exit code 0, table, statistics and histogram', async () => {
  expect(await dataCheck(recipe('good.jsonl', 'clean.jsonl'), plain)).toBe(0);
  const text = printed.join('\n');
  expect(text).toMatch(/train +│ train +│ +2 │ +2 │ +0 │ +0 │ +0/);
  expect(text).toContain('2 images, mean 3.250, deviation 1.250; least · quartiles · largest: 2.00 · 2.63 · 3.25 · 3.88 · 4.50'); // prettier-ignore
  expect(text).toMatch(/2\.00–2\.25 .*█{40}.* 1/);
  expect(text).toMatch(/nothing is wrong$/);
});

test('everything wrong is found, with file, row and field; exit code 1', async () => {
  const json = at('report.json');
  expect(await dataCheck(recipe('bad.jsonl', 'good.jsonl'), { ...plain, json, html: at('report.html') })).toBe(1);
  const [train, heldOut] = JSON.parse(readFileSync(json, 'utf8')) as { findings: object[]; rows: number; images: number }[]; // prettier-ignore
  const bad = at('bad.jsonl');
  expect(train!.findings).toEqual([
    { kind: 'label', text: `${bad}, row 5: 'score' must be at most 5, got 9` },
    { kind: 'missing', text: `${bad}, row 2: 'image' names a file that is not there: ${at('gone.png')}` },
    { kind: 'repeated row', text: `${bad}, row 6: asks the same as row 1` },
    { kind: 'unreadable', text: expect.stringMatching(/bad\.jsonl, row 3: 'image' .*cut\.png: not a readable image/) },
    { kind: 'too small', text: `${bad}, row 4: 'image' ${at('narrow.png')}: 27x40 pixels, below 28 on a side` },
    { kind: 'same image', text: `${bad}, row 7: 'image' is the same file as ${bad}, row 1: 'image'` },
  ]);
  expect(train).toMatchObject({ rows: 6, images: 4 });
  expect(heldOut!.findings).toEqual([
    { kind: 'leak', text: `${at('good.jsonl')}, row 1: 'image' is also trained on: ${bad}, row 1: 'image'` },
  ]);
  expect(printed.join('\n')).toMatch(/7 findings$/);
  const page = readFileSync(at('report.html'), 'utf8');
  expect(page.match(/<rect/g)!.length).toBeGreaterThanOrEqual(32);
  expect(page.match(/<li>/g)).toHaveLength(7);
});

test('limits what is printed and says so; other sizes by --smallest; settings by --set', async () => {
  const file = recipe('bad.jsonl', 'clean.jsonl');
  expect(await dataCheck(file, { smallest: '27', limit: '1' })).toBe(1);
  expect(printed.join('\n')).toContain('… and 4 more of train; --limit or --html shows them');
  expect(await dataCheck(file, { ...plain, set: [`data.train.file=${at('good.jsonl')}`] })).toBe(0);
});

test('a benchmark’s sets; a file that cannot be read at all is a finding', async () => {
  const file = at('suite.yaml');
  writeFileSync(file, `sets: { mine: { kind: jsonl, file: ${JSON.stringify(at('none.jsonl'))} } }\n`);
  expect(await dataCheck(file, plain)).toBe(1);
  expect(printed.join('\n')).toContain(`label: ${at('none.jsonl')}: label file not found`);
  writeFileSync(file, 'steps: 3\n');
  await expect(dataCheck(file, plain)).rejects.toThrow("must have a section 'data' or 'sets'");
});

test('statistics of distortions and verdicts', () => {
  const rows: LabelRow[] = [
    { task: 'degradation', row: 1, image: 'a', distortionClass: 'blur', level: 'slight' },
    { task: 'degradation', row: 2, image: 'b', distortionClass: 'noise', level: 'serious' },
    { task: 'degradation', row: 3, image: 'c', distortionClass: 'noise', level: 'slight' },
    { task: 'comparison', row: 4, imageA: 'a', imageB: 'b', better: 'Image B' },
    { task: 'score', row: 5, image: 'a', score: 5 },
    { task: 'score', row: 6, image: 'a', score: 1 },
  ];
  const statistics = labelStatistics(rows);
  expect(statistics.degradation).toEqual({ noise: { slight: 1, serious: 1 }, blur: { slight: 1 } });
  expect(Object.keys(statistics.degradation!)).toEqual(['noise', 'blur']); // in the order of the classes
  expect(statistics.comparison).toEqual({ 'Image B': 1 });
  expect(statistics.score!.bins).toEqual([1, ...Array<number>(14).fill(0), 1]); // 5 belongs to the last bin
  expect(statisticsText('x', statistics)).toMatch(/noise +2 .*slight 1, serious 1/);
});
