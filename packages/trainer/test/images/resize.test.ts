import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { resizeImage, type ResizeFilter } from '../../src/images/resize.js';
import { goldenJson, goldenTensors } from '../helpers/golden.js';

interface Case {
  image: string;
  filter: ResizeFilter;
  to_wh: [number, number];
  tensor: string;
}

const { resize } = goldenJson<{ resize: Case[] }>('pillow', 'pillow.json');
const pixels = goldenTensors('pillow', 'pillow.safetensors');

async function picture(name: string) {
  const file = await pixels;
  const [height, width] = file.tensors.get(name)!.shape as [number, number, number];
  return { name, width, height, data: Uint8Array.from(await file.readIntegers(name)) };
}

test.each(resize)('as Pillow: $image $filter to $to_wh', async ({ image, filter, to_wh: [width, height], tensor }) => {
  const resized = resizeImage(await picture(image), width, height, filter);
  expect(resized).toEqual({ ...(await picture(tensor)), name: image });
});

interface OrderCase {
  filter: ResizeFilter;
  from_wh: [number, number];
  to_wh: [number, number];
  source: number[];
  resized: number[];
}

const order = goldenJson<{ cases: OrderCase[] }>('pillow', 'pass-order.json');

test.each(order.cases)("the passes in Pillow's order: $filter $from_wh to $to_wh", (golden) => {
  const [width, height] = golden.from_wh;
  const image = { name: 'noise', width, height, data: Uint8Array.from(golden.source) };
  expect([...resizeImage(image, ...golden.to_wh, golden.filter).data]).toEqual(golden.resized);
});

const FILTERS: ResizeFilter[] = ['nearest', 'box', 'bilinear', 'bicubic', 'lanczos'];
const size = fc.integer({ min: 1, max: 12 });
const images = fc
  .tuple(size, size)
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((data) => ({ name: 'x', width, height, data })),
  );

describe.each(FILTERS)('laws of %s', (filter) => {
  test('one colour stays that colour at any size', () => {
    fc.assert(
      fc.property(
        size,
        size,
        size,
        size,
        fc.uint8Array({ minLength: 3, maxLength: 3 }),
        (w, h, width, height, colour) => {
          const flat = (n: number) => Uint8Array.from({ length: n * 3 }, (_, i) => colour[i % 3]!);
          const result = resizeImage({ name: 'x', width: w, height: h, data: flat(w * h) }, width, height, filter);
          expect(result.data).toEqual(flat(width * height));
        },
      ),
    );
  });

  test('the same size is the same picture, in memory of its own', () => {
    fc.assert(
      fc.property(images, (image) => {
        const same = resizeImage(image, image.width, image.height, filter);
        expect(same).toEqual(image);
        expect(same.data).not.toBe(image.data);
      }),
    );
  });

  test('channels do not mix', () => {
    fc.assert(
      fc.property(images, size, size, (image, width, height) => {
        const swap = (data: Uint8Array) => data.map((_, i) => data[i - (i % 3) + ((i + 1) % 3)]!);
        const rotated = resizeImage({ ...image, data: swap(image.data) }, width, height, filter);
        expect(rotated.data).toEqual(swap(resizeImage(image, width, height, filter).data));
      }),
    );
  });
});

test.each([
  [0, 4],
  [4, -1],
  [2.5, 4],
  [NaN, 4],
])('refuses the size %s x %s', (width, height) => {
  const image = { name: 'photo.png', width: 1, height: 1, data: new Uint8Array(3) };
  expect(() => resizeImage(image, width, height, 'bicubic')).toThrow(
    'photo.png: width and height must be positive integers',
  );
});

test('refuses data of another length than the size says', () => {
  const image = { name: 'photo.png', width: 2, height: 2, data: new Uint8Array(11) };
  expect(() => resizeImage(image, 4, 4, 'bicubic')).toThrow('photo.png: 2x2 RGB pixels are 12 bytes, got 11');
});
