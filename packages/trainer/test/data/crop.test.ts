import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import seedrandom from 'seedrandom';
import { cut, drawCrop } from '../../src/data/crop.js';
import { flat, scene } from '../images/degradations/synthetic.js';

test('cut takes the pixels at the place, mirrored when asked', () => {
  const image = flat(5, 4, 0);
  for (let i = 0; i < 20; i++) image.data.set([i, 0, 0], i * 3);
  const reds = (mirrored: boolean) =>
    [...cut(image, { left: 2, top: 1, mirrored }, 2).data].filter((_, i) => i % 3 === 0);
  expect(reds(false)).toEqual([7, 8, 12, 13]);
  expect(reds(true)).toEqual([8, 7, 13, 12]);
  expect(cut(image, { left: 2, top: 1, mirrored: true }, 2).name).toBe('flat@2,1m');
});

test('crops stay inside, up to the last row and column', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 8, max: 16 }), (seed, size) => {
      const { left, top } = drawCrop(scene(17, 16), size, seedrandom(seed));
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left + size).toBeLessThanOrEqual(17);
      expect(top + size).toBeLessThanOrEqual(16);
    }),
  );
});

test('crops avoid what is flat or dark', () => {
  const image = flat(400, 100, 128); // a quarter of it shows something
  const busy = scene(100, 100);
  for (let y = 0; y < 100; y++) image.data.set(busy.data.subarray(y * 300, (y + 1) * 300), (y * 400 + 300) * 3);
  const random = seedrandom('c');
  const lefts = Array.from({ length: 50 }, () => drawCrop(image, 50, random).left);
  expect(lefts.filter((left) => left <= 250)).toEqual([]); // wholly flat

  const dim = { ...image, data: image.data.map((value, i) => (i % 1200 < 1050 ? value : value / 4)) };
  const brightness = Array.from({ length: 50 }, () => drawCrop(dim, 50, random).left);
  expect(brightness.filter((left) => left >= 350)).toEqual([]); // detailed but dark
});
