import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { decodeImage } from '../../../src/images/decode.js';
import { processImage, readImageProcessor } from '../../../src/models/qwen2.5-vl/image-processor.js';
import { cutIntoPatches } from '../../../src/models/qwen2.5-vl/patches.js';
import { goldenJson, goldenPath, goldenTensors, VLM_VARIANTS } from '../../helpers/golden.js';
import { temporaryFolder } from '../../helpers/temporary.js';

interface Case {
  image: string;
  min_pixels: number;
  max_pixels: number;
  grid_thw: [number, number, number];
  pil: { shape: [number, number]; sha256: string };
}

const { cases } = goldenJson<{ cases: Case[] }>('vlm', 'processor.json');
const stored = goldenTensors('vlm', 'processor.safetensors');

const process = async (golden: Case) => {
  const bounds = { minPixels: golden.min_pixels, maxPixels: golden.max_pixels };
  const config = await readImageProcessor(goldenPath('vlm', 'tied_fp32'), bounds);
  const image = processImage(await decodeImage(goldenPath('vlm', golden.image)), config);
  return { grid: image.grid, pixelValues: cutIntoPatches([image]) };
};

describe('as transformers with Pillow', () => {
  test.each(cases)('$image: the bytes of pixel_values', async (golden) => {
    const { grid, pixelValues } = await process(golden);
    expect(grid).toEqual(golden.grid_thw);
    expect(pixelValues.length).toBe(golden.pil.shape[0] * golden.pil.shape[1]);
    expect(createHash('sha256').update(pixelValues).digest('hex')).toBe(golden.pil.sha256);
  });

  test.each(cases)('$image: levels in patch order, twice in time', async (golden) => {
    // What the digest cannot show: which value is wrong.
    const { pixelValues } = await process(golden);
    const { mean, std } = await readImageProcessor(goldenPath('vlm', 'tied_fp32'));
    const name = golden.image.replace(/^images\/(.*)\.png$/, '$1.levels_pil');
    const levels = await (await stored).readIntegers(name); // [N, 3, 14, 14]
    const patches = golden.pil.shape[0];
    for (const frame of [0, 1]) {
      const ours = new Int32Array(levels.length);
      for (let at = 0; at < ours.length; at++) {
        const channel = Math.floor(at / 196) % 3;
        const value = pixelValues[Math.floor(at / 588) * 1176 + channel * 392 + frame * 196 + (at % 196)]!;
        ours[at] = Math.round((value * std[channel]! + mean[channel]!) * 255);
      }
      expect(ours).toEqual(levels);
    }
    expect(levels.length).toBe(patches * 588);
  });
});

describe('readImageProcessor', () => {
  test.each(VLM_VARIANTS)('%s: both layouts say the same', async (variant) => {
    expect(await readImageProcessor(goldenPath('vlm', variant))).toEqual({
      patchSize: 14,
      temporalPatchSize: 2,
      mergeSize: 2,
      rescaleFactor: 1 / 255,
      mean: [0.48145466, 0.4578275, 0.40821073],
      std: [0.26862954, 0.26130258, 0.27577711],
      minPixels: 3136,
      maxPixels: 12845056,
    });
  });

  test('bounds given by the caller win', async () => {
    const config = await readImageProcessor(goldenPath('vlm', 'tied_fp32'), { maxPixels: 50176 });
    expect(config).toMatchObject({ minPixels: 3136, maxPixels: 50176 });
  });

  const root = temporaryFolder();
  let folders = 0;
  let folder = '';
  beforeEach(() => {
    folder = join(root, String(folders++));
    mkdirSync(folder);
  });
  const file = () => join(folder, 'preprocessor_config.json');
  const good = goldenJson<Record<string, unknown>>('vlm', 'tied_bf16_old', 'preprocessor_config.json');

  test.each([
    ['a mean of two', { ...good, image_mean: [0.5, 0.5] }, 'field "image_mean'],
    ['another filter', { ...good, resample: 2 }, 'field "resample"'],
    ['no bound', { ...good, max_pixels: undefined }, 'field "max_pixels": missing'],
    ['crossed bounds', { ...good, min_pixels: 10, max_pixels: 9 }, 'field "min_pixels": 10 is more than max_pixels 9'],
  ])('refuses %s, naming file and field', async (_, settings, message) => {
    writeFileSync(file(), JSON.stringify(settings));
    await expect(readImageProcessor(folder)).rejects.toThrow(`${file()}: ${message}`);
  });

  test('names the folder that has none', async () => {
    await expect(readImageProcessor(folder)).rejects.toThrow(`${folder}: no image processor in`);
  });
});

test('a picture that is too long names itself', async () => {
  const config = await readImageProcessor(goldenPath('vlm', 'tied_fp32'));
  const image = { name: 'line.png', width: 201, height: 1, data: new Uint8Array(603) };
  expect(() => processImage(image, config)).toThrow('line.png: aspect ratio must be at most 200, got 201x1');
});
