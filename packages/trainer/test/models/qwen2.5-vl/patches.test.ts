import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cutIntoPatches } from '../../../src/models/qwen2.5-vl/patches.js';

const small = fc.integer({ min: 1, max: 3 });
const pictures = fc
  .record({ side: fc.integer({ min: 1, max: 5 }), frames: small, merge: small, blockRows: small, blockColumns: small })
  .chain((sizes) => {
    const width = sizes.side * sizes.merge * sizes.blockColumns;
    const height = sizes.side * sizes.merge * sizes.blockRows;
    const length = width * height * 3;
    const data = fc.uint8Array({ minLength: length, maxLength: length, size: 'max' });
    return fc.record({
      sizes: fc.constant(sizes),
      image: fc.record({ name: fc.constant('x'), width: fc.constant(width), height: fc.constant(height), data }),
    });
  });

test('each value is where its block, patch, channel, frame, row and column say', () => {
  fc.assert(
    fc.property(pictures, ({ sizes: { side, frames, merge, blockRows, blockColumns }, image }) => {
      const scale = { rescaleFactor: 1 / 256, mean: [0, 1, 2], std: [1, 2, 4] } as const; // exact in float32
      const sizes = { patchSize: side, temporalPatchSize: frames, mergeSize: merge };
      const expected: number[] = [];
      const count = (n: number) => [...Array(n).keys()];
      for (const blockRow of count(blockRows))
        for (const blockColumn of count(blockColumns))
          for (const row of count(merge))
            for (const column of count(merge))
              for (const channel of count(3))
                for (let frame = 0; frame < frames; frame++)
                  for (const y of count(side))
                    for (const x of count(side)) {
                      const [top, left] = [(blockRow * merge + row) * side, (blockColumn * merge + column) * side];
                      const level = image.data[((top + y) * image.width + left + x) * 3 + channel]!;
                      expected.push((level / 256 - scale.mean[channel]!) / scale.std[channel]!);
                    }
      const source = { pixels: image, settings: { ...sizes, ...scale } };
      expect([...cutIntoPatches([source])]).toEqual(expected);
      const memory = new Float32Array(2 * expected.length + 1).fill(7);
      const twice = cutIntoPatches([source, source], memory);
      expect([...twice]).toEqual([...expected, ...expected]);
      expect(twice.buffer).toBe(memory.buffer);
      expect(memory.at(-1)).toBe(7);
    }),
  );
});
