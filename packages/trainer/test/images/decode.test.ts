import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { decodeImage } from '../../src/images/decode.js';
import { goldenJson, goldenPath, goldenTensors } from '../helpers/golden.js';
import { temporaryFolder } from '../helpers/temporary.js';

const folder = temporaryFolder();
const { jpeg } = goldenJson<{ jpeg: { file: string; decoded: string }[] }>('pillow', 'pillow.json');
const stored = goldenTensors('pillow', 'pillow.safetensors');

const levels = async (name: string) => Uint8Array.from(await (await stored).readIntegers(name));

describe('as Pillow', () => {
  test.each(jpeg)('$file', async ({ file, decoded }) => {
    const image = await decodeImage(await levels(file), file);
    const [height, width] = (await stored).tensors.get(decoded)!.shape as [number, number];
    expect(image).toEqual({ name: file, width, height, data: await levels(decoded) });
  });

  test.each(['im0', 'im1', 'im2', 'im3'])('%s.png', async (name) => {
    const path = goldenPath('pillow', `${name}.png`);
    const image = await decodeImage(path);
    expect(image.name).toBe(path);
    expect(image.data).toEqual(await levels(name));
  });
});

/** One row of pixels as a PNG. */
const png = (pixels: number[], channels: 1 | 2 | 3 | 4) =>
  sharp(Uint8Array.from(pixels), { raw: { width: pixels.length / channels, height: 1, channels } }).png();

describe('pixels as stored', () => {
  test('transparency is laid onto white, for every value and alpha as Pillow rounds', async () => {
    const golden = goldenJson<{ sha256: string; rows: Record<string, number[]> }>('pillow', 'alpha.json');
    const pixel = (row: number, column: number) => [column, 255 - column, (7 * column + 3) % 256, row];
    const pixels = Uint8Array.from({ length: 256 * 256 * 4 }, (_, i) => pixel(i >> 10, (i >> 2) & 255)[i & 3]!);
    const file = await sharp(pixels, { raw: { width: 256, height: 256, channels: 4 } })
      .png()
      .toBuffer();
    const { data } = await decodeImage(file);
    for (const [row, expected] of Object.entries(golden.rows))
      expect([...data.subarray(Number(row) * 768, Number(row) * 768 + 768)]).toEqual(expected);
    expect(createHash('sha256').update(data).digest('hex')).toBe(golden.sha256);
  });

  test('gray becomes RGB, with alpha and without', async () => {
    const gray = await png([10, 200], 1).toColourspace('b-w').toBuffer();
    expect([...(await decodeImage(gray)).data]).toEqual([10, 10, 10, 200, 200, 200]);
    const withAlpha = await png([10, 0, 200, 255], 2).toColourspace('b-w').toBuffer();
    expect([...(await decodeImage(withAlpha)).data]).toEqual([255, 255, 255, 200, 200, 200]);
  });

  test('EXIF orientation is not applied', async () => {
    const upright = await png([1, 2, 3, 4, 5, 6], 3).toBuffer();
    const turned = await sharp(upright).withMetadata({ orientation: 6 }).png().toBuffer();
    expect((await sharp(turned).metadata()).orientation).toBe(6); // the test's own premise
    expect(await decodeImage(turned)).toMatchObject({ width: 2, height: 1 });
  });

  test('a colour profile is not applied', async () => {
    // Display P3: applying it would move a saturated colour.
    const file = await png([200, 30, 40], 3).withIccProfile('p3').toBuffer();
    expect((await sharp(file).metadata()).hasProfile).toBe(true);
    // The same file without its iCCP chunk: a PNG is 8 bytes, then chunks of length, type, data, checksum.
    const start = file.indexOf('iCCP') - 4;
    const bare = Buffer.concat([file.subarray(0, start), file.subarray(start + 12 + file.readUInt32BE(start))]);
    expect((await sharp(bare).metadata()).hasProfile).toBe(false);
    expect((await decodeImage(file)).data).toEqual((await decodeImage(bare)).data);
  });

  test('16 bits become 8, the first frame of an animation counts', async () => {
    const deep = await sharp(Uint16Array.of(0x1234, 0xabcd, 0xffff), { raw: { width: 1, height: 1, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect([...(await decodeImage(deep)).data]).toEqual([0x12, 0xab, 0xff]);
    const pages = Uint8Array.from([255, 0, 0, 0, 0, 255]);
    const gif = await sharp(pages, { raw: { width: 1, height: 2, channels: 3, pageHeight: 1 } })
      .gif()
      .toBuffer();
    expect(await decodeImage(gif)).toMatchObject({ width: 1, height: 1, data: Uint8Array.of(255, 0, 0) });
  });
});

describe('a file that cannot be read stops with one message naming it', () => {
  const photo = readFileSync(goldenPath('pillow', 'im1.png'));
  const write = (name: string, bytes: Uint8Array | string) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };

  test('missing, or a folder', async () => {
    const path = join(folder, 'missing.jpg');
    await expect(decodeImage(path)).rejects.toThrow(`${path}: no such file`);
    const sub = join(folder, 'sub');
    mkdirSync(sub);
    await expect(decodeImage(sub)).rejects.toThrow(`${sub}: it is a folder`);
  });

  test('empty', async () => {
    const path = write('empty.jpg', '');
    await expect(decodeImage(path)).rejects.toThrow(`${path}: empty file, expected an image`);
  });

  test('text', async () => {
    const path = write('text.jpg', 'this is no image');
    await expect(decodeImage(path)).rejects.toThrow(`${path}: not a readable image (`);
  });

  test('a PNG cut in half', async () => {
    const path = write('cut.png', photo.subarray(0, photo.length / 2));
    await expect(decodeImage(path)).rejects.toThrow(`${path}: not a readable image (`);
  });

  test('a JPEG cut in half', async () => {
    const bytes = await levels('im1.q95.jpg');
    const path = write('cut.jpg', bytes.subarray(0, bytes.length / 2));
    await expect(decodeImage(path)).rejects.toThrow(`${path}: not a readable image (`);
  });

  test('a PNG with damaged pixels', async () => {
    const damaged = Uint8Array.from(photo);
    damaged.fill(0x55, photo.length / 2, photo.length / 2 + 64);
    await expect(decodeImage(damaged, 'damaged.png')).rejects.toThrow('damaged.png: not a readable image (');
  });

  test('a drawing', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>';
    const path = write('drawing.svg', svg);
    await expect(decodeImage(path)).rejects.toThrow(`${path}: not a readable image (unsupported format svg)`);
  });
});
