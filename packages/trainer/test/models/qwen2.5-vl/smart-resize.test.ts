import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { smartResize } from '../../../src/models/qwen2.5-vl/smart-resize.js';
import { goldenJson } from '../../helpers/golden.js';

type Case = [
  height: number,
  width: number,
  minPixels: number,
  maxPixels: number,
  size: [number, number] | 'ValueError',
];
const { cases } = goldenJson<{ cases: Case[] }>('vlm', 'smart_resize.json');

test.each(cases)('as transformers: %i x %i within [%i, %i]', (height, width, minPixels, maxPixels, expected) => {
  const resize = () => smartResize(height, width, 28, { minPixels, maxPixels });
  if (expected === 'ValueError') expect(resize).toThrow(RangeError);
  else expect(resize()).toEqual({ height: expected[0], width: expected[1] });
});

const bounds = { minPixels: 3136, maxPixels: 12845056 };

test('a half rounds to the even multiple, as in Python', () => {
  expect(smartResize(70, 98, 28, bounds)).toEqual({ height: 56, width: 112 }); // 2.5 -> 2 and 3.5 -> 4
});

test('aspect ratio: 200 is the last', () => {
  expect(smartResize(28, 5600, 28, bounds)).toEqual({ height: 28, width: 5600 });
  expect(() => smartResize(28, 5601, 28, bounds)).toThrow('aspect ratio must be at most 200, got 5601x28');
});

test('law: sides are multiples of the factor, the area within bounds, and turning the picture turns the size', () => {
  const side = fc.integer({ min: 1, max: 3000 });
  fc.assert(
    fc.property(side, side, (height, width) => {
      fc.pre(Math.max(height, width) <= 200 * Math.min(height, width));
      const size = smartResize(height, width, 28, { minPixels: 3136, maxPixels: 1003520 });
      expect(size.height % 28).toBe(0);
      expect(size.width % 28).toBe(0);
      expect(size.height * size.width).toBeGreaterThanOrEqual(3136);
      // A side below one token is raised to one, which alone may lift the area past the bound.
      if (Math.min(size.height, size.width) > 28) expect(size.height * size.width).toBeLessThanOrEqual(1003520);
      const turned = smartResize(width, height, 28, { minPixels: 3136, maxPixels: 1003520 });
      expect(turned).toEqual({ height: size.width, width: size.height });
    }),
  );
});
