import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { inMemory } from '../../src/data/memory.js';
import type { Prompt } from '../../src/data/prompt.js';
import { syntheticDegradations, type SyntheticOptions } from '../../src/data/synthetic.js';
import { LITE_LADDER } from '../../src/images/degradations/dq495k.js';
import { scene } from '../images/degradations/synthetic.js';

let folder: string;
const SIZE = 400;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'photos-'));
  for (const [name, width] of [
    ['wide.png', 90],
    ['square.png', 64],
  ] as const) {
    const image = scene(width, 64);
    const raw = { width, height: 64, channels: 3 } as const;
    writeFileSync(path.join(folder, name), await sharp(image.data, { raw }).png().toBuffer());
  }
  writeFileSync(path.join(folder, 'corrupt.jpg'), 'not a photograph');
});
afterAll(() => rmSync(folder, { recursive: true }));

const make = (options: Partial<SyntheticOptions> = {}) =>
  syntheticDegradations({
    folder,
    photos: ['wide.png', 'square.png'],
    size: SIZE,
    seed: 's',
    cropSize: 56,
    functions: LITE_LADDER,
    ...options,
  });

function imageOf(prompt: Prompt) {
  for (const message of prompt.messages) {
    if (typeof message.content === 'string') continue;
    for (const part of message.content) if (part.type === 'image') return part.image;
  }
  throw new Error('no image');
}

const all = (dataset: { length: number; get(i: number): Promise<Prompt> }) =>
  Promise.all(Array.from({ length: dataset.length }, (_, i) => dataset.get(i)));

describe('prompts', () => {
  test('depend on seed and index alone, in whatever order they are asked for', async () => {
    const forwards = await all(make({ size: 20 }));
    const other = make({ size: 30 });
    for (let i = 19; i >= 0; i--) expect(await other.get(i)).toEqual(forwards[i]);
    const reseeded = await all(make({ size: 20, seed: 't' }));
    expect(reseeded.map((prompt) => imageOf(prompt).data)).not.toEqual(forwards.map((prompt) => imageOf(prompt).data));
  });

  test('take turns between the tasks, and say so in ids that differ', async () => {
    const prompts = await all(make({ size: 12 }));
    expect(prompts.map((prompt) => prompt.label.task)).toEqual(
      Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? 'score' : 'degradation')),
    );
    for (const [i, prompt] of prompts.entries()) {
      expect(prompt.id).toMatch(new RegExp(`^${prompt.label.task}:(wide|square)\\.png:${i}$`));
    }
  });

  test('cover classes and severities evenly', async () => {
    const labels = (await all(make({ tasks: ['degradation'] }))).map((prompt) => prompt.label);
    const count = (match: (label: { distortionClass: string; level: string }) => boolean) =>
      labels.filter((label) => label.task === 'degradation' && match(label)).length;
    // 400 draws: a share of 1/5 has a standard error of 8, one of 4/25 of 7.3; four of them
    for (const name of ['noise', 'blur', 'compression', 'darken', 'null']) {
      expect(Math.abs(count((label) => label.distortionClass === name) - 80)).toBeLessThan(32);
    }
    for (const level of ['slight', 'moderate', 'obvious', 'serious', 'catastrophic']) {
      expect(Math.abs(count((label) => label.level === level) - 64)).toBeLessThan(30);
    }
    expect(count((label) => (label.level === 'null') !== (label.distortionClass === 'null'))).toBe(0);
  });

  test('score: 5 for a clean crop, lower for a degraded one', async () => {
    const scores = async (functions: SyntheticOptions['functions']) =>
      (await all(make({ tasks: ['score'], size: 8, functions: functions! }))).map((prompt) =>
        prompt.label.task === 'score' ? prompt.label.score : NaN,
      );
    expect(await scores(['null'])).toEqual(Array<number>(8).fill(5));
    expect((await make({ tasks: ['score'] }).get(0)).label).toMatchObject({ proxy: true });
    for (const score of await scores(['noise/gaussian-rgb', 'blur/gaussian'])) {
      expect(score).toBeGreaterThanOrEqual(1);
      expect(score).toBeLessThan(4.9);
    }
  });

  test('carry the crop, named after its photograph, and the short question when asked to', async () => {
    const prompt = await make({ style: 'short' }).get(1);
    expect(imageOf(prompt)).toMatchObject({ width: 56, height: 56 });
    expect(imageOf(prompt).name).toMatch(/^(wide|square)\.png@\d+,\d+m?$/);
    expect(prompt.messages).toHaveLength(1);
    expect((await make().get(1)).messages.map((message) => message.role)).toEqual(['system', 'user']);
  });
});

describe('refuses', () => {
  test('a missing photograph, at once', () => {
    expect(() => make({ photos: ['wide.png', 'gone.jpg'] })).toThrow(/gone\.jpg: photograph not found/);
  });

  test('a corrupt photograph, when it is needed', async () => {
    await expect(make({ photos: ['corrupt.jpg'] }).get(0)).rejects.toThrow(/corrupt\.jpg/);
  });

  test('a photograph smaller than the crop', async () => {
    await expect(make({ photos: ['square.png'], cropSize: 112 }).get(0)).rejects.toThrow(
      'square.png: 64x64 pixels are too few for a crop of 112x112',
    );
  });

  test('an index outside', async () => {
    await expect(make().get(SIZE)).rejects.toThrow(/index must be an integer in \[0, 400\), got 400/);
    await expect(make().get(0.5)).rejects.toThrow(/got 0.5/);
  });

  test('no tasks, no functions, no photographs', () => {
    expect(() => make({ tasks: [] })).toThrow(/tasks must not be empty/);
    expect(() => make({ functions: [] })).toThrow(/functions must not be empty/);
    expect(() => make({ photos: [] })).toThrow(/expected at least one name/);
  });
});

test('inMemory makes each prompt once, and again only after a failure', async () => {
  let calls = 0;
  const source = make();
  const dataset = inMemory({
    length: SIZE,
    get: (index) => {
      calls += 1;
      return index === 7 && calls === 2 ? Promise.reject(new Error('once')) : source.get(index);
    },
  });
  expect(await dataset.get(3)).toBe(await dataset.get(3));
  expect(calls).toBe(1);
  await expect(dataset.get(7)).rejects.toThrow('once');
  expect((await dataset.get(7)).id).toContain(':7');
  expect(calls).toBe(3);
});
