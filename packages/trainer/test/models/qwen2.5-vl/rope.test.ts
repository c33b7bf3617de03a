import { describe, expect, it } from '@jest/globals';
import { inverseFrequencies, mropeAngles, visionAngles } from '../../../src/models/qwen2.5-vl/rope.js';
import { readConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { goldenPath } from '../../helpers/golden.js';

describe('rotary angles', () => {
  it('have frequencies that fall from 1 by powers of theta', () => {
    const frequencies = inverseFrequencies(10_000, 8);
    [1, 0.1, 0.01, 0.001].forEach((expected, j) => expect(frequencies[j]! / expected).toBeCloseTo(1, 6));
  });

  it('follow time, then rows, then columns, section by section', () => {
    const text = { mropeSection: [2, 3, 3], ropeTheta: 1e6, headDim: 16 } as const;
    const frequencies = inverseFrequencies(1e6, 16);
    const angles = mropeAngles([[5], [7], [11]], text);
    const axes = [5, 5, 7, 7, 7, 11, 11, 11];
    expect([...angles]).toEqual(axes.map((position, j) => Math.fround(position * frequencies[j]!)));
  });

  it('follow the row, then the column of a patch', async () => {
    const { vision } = await readConfig(goldenPath('vlm', 'tied_fp32'));
    const angles = visionAngles([3], [4], vision); // 8 angles in a head of 16
    const frequencies = inverseFrequencies(1e4, 8);
    expect([...angles]).toEqual([3, 4].flatMap((place) => [...frequencies].map((f) => Math.fround(place * f))));
  });
});
