import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { degrade } from '../../../src/images/degradations/degrade.js';
import { minimumVariancePalette } from '../../../src/images/degradations/kadid/colour-quantization.js';
import type { Severity } from '../../../src/images/degradations/samples.js';
import { flat, scene } from './synthetic.js';

const image = scene(64, 52);
const quantized = (severity: Severity, from = image) =>
  degrade(from, { ladder: 'kadid10k', name: 'colour/quantization', severity, seed: 'a' });
const coloursOf = (data: Uint8Array) =>
  new Set(Array.from({ length: data.length / 3 }, (_, i) => data.slice(3 * i, 3 * i + 3).join()));

describe('colour quantization', () => {
  test('has the colours of the table at each severity', async () => {
    for (const [k, most] of [64, 48, 32, 16, 8].entries()) {
      const { size } = coloursOf((await quantized((k + 1) as Severity)).data);
      expect(size).toBeLessThanOrEqual(most);
      expect(size).toBeGreaterThan(most / 2);
    }
  });

  test('leaves a picture of so few colours as it is', async () => {
    expect((await quantized(5, flat(9, 7, 90))).data).toEqual(flat(9, 7, 90).data);
    const few = { ...image, data: image.data.map((value) => (value > 127 ? 200 : 11)) };
    expect((await quantized(5, few)).data).toEqual(few.data);
  });

  test('dithers: neighbours make up for each other, so that the mean of a patch between two colours stays', async () => {
    // greys of 8 colours and a ramp between them; without dithering a patch of one grey would be off by half a step
    const ramp = { ...flat(64, 64, 0), data: flat(64, 64, 0).data.map((_, i) => Math.floor((i / 3 / 4096) * 256)) };
    const { data } = await quantized(5, ramp);
    const mean = (values: Uint8Array, row: number) =>
      values.slice(row * 192, (row + 8) * 192).reduce((sum, value) => sum + value, 0) / (8 * 192);
    for (let row = 8; row < 48; row += 8) expect(Math.abs(mean(data, row) - mean(ramp.data, row))).toBeLessThan(2);
    expect(coloursOf(data.slice(24 * 192, 25 * 192)).size).toBeGreaterThan(1);
  });
});

test('two greys part a picture where they leave the least variance, of all places there are', () => {
  const greys = fc.array(fc.nat(255), { minLength: 2, maxLength: 40 });
  const variance = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  };
  fc.assert(
    fc.property(greys, (values) => {
      const palette = minimumVariancePalette({ data: Uint8Array.from(values.flatMap((v) => [v, v, v])) }, 2);
      fc.pre(new Set(values).size > 1);
      const cuts = [...new Set(values)].sort((a, b) => a - b).slice(0, -1);
      const spreads = cuts.map((level) => variance(values.filter((v) => v <= level)) + variance(values.filter((v) => v > level))); // prettier-ignore
      const [low, high] = palette.map(([grey]) => grey).sort((a, b) => a - b) as [number, number];
      const ours = cuts.findIndex((level, k) => {
        const mean = (part: number[]) => part.reduce((sum, v) => sum + v, 0) / part.length;
        const means = [mean(values.filter((v) => v <= level)), mean(values.filter((v) => v > level))];
        return Math.round(means[0]!) === low && Math.round(means[1]!) === high && spreads[k]! <= Math.min(...spreads) + 1e-6; // prettier-ignore
      });
      expect(ours).toBeGreaterThanOrEqual(0);
    }),
  );
});
