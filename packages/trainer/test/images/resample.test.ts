import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PRECISION_BITS, resample, type AxisWeights } from '../../src/images/resample.js';

/** The sums as one writes them down. */
function plainly(source: Uint8Array, { size, entries, stride }: AxisWeights, lines: number, unit: number): Uint8Array {
  const result = new Uint8ClampedArray(lines * size * unit);
  for (let at = 0; at < result.length; at++) {
    const line = Math.floor(at / (size * unit));
    const entry = (Math.floor(at / unit) % size) * stride;
    let sum = 2 ** (PRECISION_BITS - 1);
    for (let k = 0; k < entries[entry + 1]!; k++) {
      const pixel = (line * source.length) / lines + (entries[entry]! + k) * unit + (at % unit);
      sum += source[pixel]! * entries[entry + 2 + k]!;
    }
    result[at] = Math.floor(sum / 2 ** PRECISION_BITS);
  }
  return new Uint8Array(result.buffer);
}

/** Weights of up to 3 pixels that add up to at most 2 and at least -1: results fall below 0 and above 255. */
const entry = (from: number) =>
  fc
    .tuple(
      fc.nat(from - 1),
      fc.array(fc.double({ min: -1 / 3, max: 2 / 3, noNaN: true }), { minLength: 1, maxLength: 3 }),
    )
    .map(([start, weights]) => [start, weights.slice(0, from - start)] as const);

const passes = fc
  .record({
    from: fc.integer({ min: 1, max: 9 }),
    lines: fc.integer({ min: 1, max: 5 }),
    unit: fc.integer({ min: 1, max: 37 }),
  })
  .chain(({ from, lines, unit }) =>
    fc.record({
      source: fc.uint8Array({ minLength: lines * from * unit, maxLength: lines * from * unit, size: 'max' }),
      entries: fc.array(entry(from), { minLength: 1, maxLength: 9 }),
      lines: fc.constant(lines),
      unit: fc.constant(unit),
    }),
  );

test('as the plain sums, whatever the lengths', () => {
  fc.assert(
    fc.property(passes, ({ source, entries, lines, unit }) => {
      const stride = 5;
      const weights = { size: entries.length, stride, entries: new Int32Array(entries.length * stride) };
      entries.forEach(([start, values], i) =>
        weights.entries.set([start, values.length, ...values.map((value) => value * 2 ** PRECISION_BITS)], i * stride),
      );
      expect(resample(source, [{ weights, lines, unit }])).toEqual(plainly(source, weights, lines, unit));
    }),
  );
});

test('a picture larger than all before it, and a small one after that', () => {
  const halves = { size: 1, stride: 4, entries: Int32Array.of(0, 2, 2 ** 21, 2 ** 21) };
  for (const unit of [3_000_001, 5]) {
    const source = new Uint8Array(2 * unit).fill(100, 0, unit).fill(201, unit);
    const result = resample(source, [{ weights: halves, lines: 1, unit }]);
    expect(result.length).toBe(unit);
    expect(result.every((value) => value === 151)).toBe(true); // 150.5 rounds up
  }
});
