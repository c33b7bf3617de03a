import { expect, test } from '@jest/globals';
import { jpeg } from '../../../src/images/degradations/compression.js';
import { scene } from './synthetic.js';

test('jpeg at severity 5 leaves the 8x8 grid: jumps across block borders outweigh those inside', async () => {
  const image = scene(96, 96);
  const { data } = await jpeg(image, 5);
  const sums = { border: 0, inside: 0 };
  for (let y = 0; y < 96; y++) {
    for (let x = 1; x < 96; x++) {
      const jump = Math.abs(data[(y * 96 + x) * 3 + 1]! - data[(y * 96 + x - 1) * 3 + 1]!);
      sums[x % 8 === 0 ? 'border' : 'inside'] += jump / (x % 8 === 0 ? 11 : 84);
    }
  }
  expect(sums.border / sums.inside).toBeGreaterThan(1.5);
});

test('jpeg halves the resolution of colours (4:2:0): a one-pixel red and blue chequer of equal brightness turns grey', async () => {
  const image = { name: 'chequer', width: 16, height: 16, data: new Uint8Array(768) };
  for (let i = 0; i < 256; i++) {
    const red = (i + Math.floor(i / 16)) % 2 === 0;
    image.data.set(red ? [200, 60, 60] : [60, 100, 200], i * 3);
  }
  const { data } = await jpeg(image, 1);
  const contrast = Array.from({ length: 255 }, (_, i) => Math.abs(data[i * 3]! - data[i * 3 + 2]!));
  expect(contrast.reduce((sum, value) => sum + value, 0) / 255).toBeLessThan(40); // 140 before
});
