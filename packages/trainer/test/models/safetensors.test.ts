import { readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openSafetensors } from '../../src/models/safetensors.js';
import { writeSafetensors } from '../../src/models/safetensors-writer.js';
import { temporaryFolder } from '../helpers/temporary.js';

const folder = temporaryFolder();
let files = 0;
const fresh = () => join(folder, `file-${files++}.safetensors`);

/** A file from a header and data bytes, written by hand so that the reader is not tested against our writer alone. */
function craft(header: unknown, data: Uint8Array): string {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const path = fresh();
  writeFileSync(path, Buffer.concat([length, text, data]));
  return path;
}

const one = (dtype: string, shape: number[], bytes: number[]) =>
  craft({ x: { dtype, shape, data_offsets: [0, bytes.length] } }, Uint8Array.from(bytes));

describe('openSafetensors', () => {
  test.each([
    // Bit patterns worked out by hand from the formats; little-endian.
    ['F32', [0, 0, 0xc0, 0x3f], [1.5]],
    ['F64', [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], [1.5]],
    ['BF16', [0xc0, 0x3f, 0x80, 0xff], [1.5, -Infinity]],
    // half: 1.5 = 0x3e00; smallest subnormal 2^-24 = 0x0001; -inf = 0xfc00; -0 = 0x8000; 65504 = 0x7bff
    ['F16', [0, 0x3e, 1, 0, 0, 0xfc, 0, 0x80, 0xff, 0x7b], [1.5, 2 ** -24, -Infinity, -0, 65504]],
    ['U8', [0, 255], [0, 255]],
    ['I8', [0, 255], [0, -1]],
    ['I16', [0xfe, 0xff], [-2]],
    ['BOOL', [1, 0], [1, 0]],
  ])('reads %s', async (dtype, bytes, expected) => {
    const file = await openSafetensors(one(dtype, [expected.length], bytes));
    expect([...(await file.read('x'))]).toEqual(expected);
  });

  test('rows as bfloat16: stored bits as they are, others rounded to the nearest', async () => {
    const stored = await openSafetensors(one('BF16', [3, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
    expect([...(await stored.readBfloat16('x', 1, 2))]).toEqual([0x0605, 0x0807, 0x0a09, 0x0c0b]);
    // float32 1 + 2^-8 lies between 1 and 1 + 2^-7: to the even one, 1 = 0x3f80; 1 + 3 · 2^-8 to 1 + 2^-6 = 0x3f82
    const floats = new Uint8Array(Float32Array.of(7, 1 + 2 ** -8, 1 + 3 * 2 ** -8).buffer);
    const wide = await openSafetensors(one('F32', [3, 1], [...floats]));
    expect([...(await wide.readBfloat16('x', 1, 2))]).toEqual([0x3f80, 0x3f82]);
    await expect(wide.readBfloat16('x', 2, 2)).rejects.toThrow('tensor "x" has 3 rows, asked for 2 from 2');
    await expect(wide.readBfloat16('y', 0, 1)).rejects.toThrow('no tensor "y"');
  });

  test('F16 NaN is NaN', async () => {
    const file = await openSafetensors(one('F16', [1], [1, 0x7e]));
    expect([...(await file.read('x'))]).toEqual([NaN]);
  });

  test('integers are read as integers, and past int32 refused', async () => {
    const small = await openSafetensors(one('I64', [2], [7, 0, 0, 0, 0, 0, 0, 0, ...Array<number>(8).fill(255)]));
    expect([...(await small.readIntegers('x'))]).toEqual([7, -1]);
    const large = await openSafetensors(one('I64', [1], [0, 0, 0, 0x80, 0, 0, 0, 0]));
    await expect(large.readIntegers('x')).rejects.toThrow('outside int32');
    await expect(small.read('x')).rejects.toThrow('tensor "x" is I64, expected floating point');
  });

  test('tensors that start at odd bytes are read right', async () => {
    const path = craft(
      { a: { dtype: 'U8', shape: [1], data_offsets: [0, 1] }, b: { dtype: 'F32', shape: [], data_offsets: [1, 5] } },
      Uint8Array.from([9, 0, 0, 0xc0, 0x3f]),
    );
    expect([...(await (await openSafetensors(path)).read('b'))]).toEqual([1.5]);
  });

  test('a tensor larger than a chunk is whole', async () => {
    const path = fresh();
    const values = Float32Array.from({ length: 4_300_000 }, (_, i) => i);
    await writeSafetensors(path, [{ name: 'x', shape: [values.length], data: () => values }]);
    const back = await (await openSafetensors(path)).read('x');
    expect(back.length).toBe(values.length);
    expect(back.findIndex((value, i) => value !== i)).toBe(-1);
  });

  test.each<[string, () => string, string | RegExp]>([
    ['header not JSON', () => craft('{', new Uint8Array(0)), 'the header is not JSON'],
    ['header not an object', () => craft('[]', new Uint8Array(0)), 'the header is not an object'],
    ['unknown dtype', () => one('F8_E4M3', [1], [0]), 'tensor "x": unsupported dtype "F8_E4M3"'],
    ['dtype of the prototype', () => one('toString', [1], [0]), 'tensor "x": unsupported dtype "toString"'],
    ['negative size', () => one('U8', [-1], [0]), 'tensor "x": malformed shape [-1]'],
    ['shape against offsets', () => one('F32', [2], [0, 0, 0, 0]), 'F32 [2] needs 8 bytes, data_offsets give 4'],
    [
      'hole before a tensor',
      () => craft({ x: { dtype: 'U8', shape: [1], data_offsets: [1, 2] } }, new Uint8Array(2)),
      /tensor "x" starts at byte \d+, expected \d+: a tensor may be missing before it/,
    ],
    [
      'overlap',
      () =>
        craft(
          {
            x: { dtype: 'U8', shape: [2], data_offsets: [0, 2] },
            y: { dtype: 'U8', shape: [2], data_offsets: [1, 3] },
          },
          new Uint8Array(3),
        ),
      /tensor "y" starts at byte \d+, expected \d+: it overlaps the one before it/,
    ],
    [
      'bytes of no tensor',
      () => craft({ x: { dtype: 'U8', shape: [1], data_offsets: [0, 1] } }, new Uint8Array(3)),
      '2 bytes after the last tensor',
    ],
  ])('refuses: %s', async (_, make, message) => {
    const path = make();
    await expect(openSafetensors(path)).rejects.toThrow(`${path}: `);
    await expect(openSafetensors(path)).rejects.toThrow(message);
  });

  test('refuses a truncated file, naming file and tensor, wherever it was cut', async () => {
    const path = one('F32', [2], [1, 2, 3, 4, 5, 6, 7, 8]);
    truncateSync(path, readFileSync(path).length - 1);
    await expect(openSafetensors(path)).rejects.toThrow(`${path}: truncated: tensor "x" ends at byte`);
    truncateSync(path, 20);
    await expect(openSafetensors(path)).rejects.toThrow(`${path}: truncated: the header needs`);
    truncateSync(path, 3);
    await expect(openSafetensors(path)).rejects.toThrow(`${path}: truncated: 3 bytes`);
  });

  test('refuses a file that is no safetensors file, and one that is not there', async () => {
    const path = fresh();
    writeFileSync(path, 'PK not a safetensors file at all');
    await expect(openSafetensors(path)).rejects.toThrow(`${path}: not a safetensors file: header length`);
    const missing = join(folder, 'missing.safetensors');
    await expect(openSafetensors(missing)).rejects.toThrow(`${missing}: no such file`);
  });

  test('names the tensor that is not there', async () => {
    const file = await openSafetensors(one('U8', [1], [0]));
    await expect(file.read('y')).rejects.toThrow(`${file.path}: no tensor "y"`);
  });

  test.each(['../x.safetensors', 'a/x.safetensors', 'a\\x.safetensors', '/x.safetensors', 'x.bin', 3])(
    'refuses the shard name %s',
    async (shard) => {
      const path = join(folder, 'bad.safetensors.index.json');
      writeFileSync(path, JSON.stringify({ weight_map: { w: shard } }));
      await expect(openSafetensors(path)).rejects.toThrow(`${path}: weight_map["w"] must be a file name`);
    },
  );

  test('an index that places a tensor in the wrong shard is refused', async () => {
    const shard = one('U8', [1], [0]);
    const path = join(folder, 'wrong.safetensors.index.json');
    writeFileSync(path, JSON.stringify({ weight_map: { y: shard.slice(folder.length + 1) } }));
    await expect(openSafetensors(path)).rejects.toThrow(`${shard}: no tensor "y", which wrong.safetensors.index.json`);
  });
});

describe('writeSafetensors', () => {
  test('the bytes are those of the format', async () => {
    const path = fresh();
    await writeSafetensors(path, [{ name: 'x', shape: [1, 2], data: () => Float32Array.of(1.5, -2) }]);
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.toString('utf8', 8, 8 + length))).toEqual({
      __metadata__: { format: 'pt' },
      x: { dtype: 'F32', shape: [1, 2], data_offsets: [0, 8] },
    });
    expect([bytes.readFloatLE(8 + length), bytes.readFloatLE(12 + length), bytes.length]).toEqual([
      1.5,
      -2,
      16 + length,
    ]);
  });

  test('law: float32 comes back bit for bit', async () => {
    const floats = fc.float32Array({ maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(floats, { maxLength: 4 }), async (arrays) => {
        const path = fresh();
        const tensors = arrays.map((data, i) => ({ name: `t${i}`, shape: [data.length], data: () => data }));
        await writeSafetensors(path, tensors);
        const file = await openSafetensors(path);
        for (const { name, data } of tensors)
          expect(Buffer.from((await file.read(name)).buffer)).toEqual(Buffer.from(data().slice().buffer));
      }),
      { numRuns: 50 },
    );
  });

  test('bfloat16 rounds to nearest, ties to even, and keeps NaN', async () => {
    const path = fresh();
    // One bfloat16 step above 1 is 2^-7. A half step is a tie: 1 (even) wins below, 1 + 2^-6 (even) wins above.
    const data = Float32Array.of(1, 1 + 2 ** -8, 1 + 2 ** -8 + 2 ** -20, 1 + 3 * 2 ** -8, 3.4e38, -Infinity, NaN, -0);
    await writeSafetensors(path, [{ name: 'x', shape: [8], data: () => data }], { dtype: 'BF16' });
    const back = await (await openSafetensors(path)).read('x');
    expect([...back]).toEqual([1, 1, 1 + 2 ** -7, 1 + 2 ** -6, Infinity, -Infinity, NaN, -0]);
  });

  test('a failure leaves the old file and no temporary one', async () => {
    const path = fresh();
    await writeSafetensors(path, [{ name: 'x', shape: [1], data: () => Float32Array.of(1) }]);
    const broken = { name: 'x', shape: [3], data: () => Float32Array.of(1) };
    await expect(writeSafetensors(path, [broken])).rejects.toThrow(
      `${path}: tensor "x": shape [3] needs 3 values, got 1`,
    );
    expect([...(await (await openSafetensors(path)).read('x'))]).toEqual([1]);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('a name given twice is refused', async () => {
    const tensor = { name: 'x', shape: [0], data: () => new Float32Array() };
    await expect(writeSafetensors(fresh(), [tensor, tensor])).rejects.toThrow('tensor "x" given twice');
  });

  test('tensors are asked for one after another', async () => {
    let open = 0;
    const tensors = ['a', 'b', 'c'].map((name) => ({
      name,
      shape: [1],
      data: async () => {
        open++;
        expect(open).toBe(1);
        await Promise.resolve();
        open--;
        return Float32Array.of(0);
      },
    }));
    await writeSafetensors(fresh(), tensors);
    expect.assertions(3);
  });
});
