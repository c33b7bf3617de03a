import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { VisionConfig } from '../../../src/models/qwen2.5-vl/config.js';
import type { Grid } from '../../../src/models/qwen2.5-vl/rope.js';
import { visionLayout } from '../../../src/models/qwen2.5-vl/vision-layout.js';

const config = { spatialMergeSize: 2, windowSize: 56, patchSize: 14 } as VisionConfig; // windows of 2x2 units

describe('visionLayout', () => {
  it('walks merge blocks, and windows with smaller ones at the edges', () => {
    // 3 x 2 units:  0 1      windows: 0 1 2 3 | 4 5
    //               2 3
    //               4 5
    const layout = visionLayout([[1, 6, 4]], config);
    expect([...layout.rows.subarray(0, 8)]).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
    expect([...layout.columns.subarray(0, 8)]).toEqual([0, 1, 0, 1, 2, 3, 2, 3]);
    expect([...layout.unitOrder]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(layout.windows).toEqual([16, 8]);
    expect(layout.frames).toEqual([24]);
    // 2 x 3 units:  0 1 2
    //               3 4 5
    const wide = visionLayout([[1, 4, 6]], config);
    expect([...wide.unitOrder]).toEqual([0, 1, 3, 4, 2, 5]);
    expect(wide.windows).toEqual([16, 8]);
  });

  const side = fc.integer({ min: 1, max: 6 }).map((units) => 2 * units);
  const grid = fc.tuple(fc.integer({ min: 1, max: 2 }), side, side);

  it('puts every unit in exactly one window, within its own frame', () => {
    fc.assert(
      fc.property(fc.array(grid, { minLength: 1, maxLength: 3 }), (grids: Grid[]) => {
        const { unitOrder, windows, frames, rows } = visionLayout(grids, config);
        expect([...unitOrder].sort((a, b) => a - b)).toEqual([...unitOrder.keys()]);
        const sum = (lengths: readonly number[]): number => lengths.reduce((a, b) => a + b, 0);
        expect(sum(windows)).toBe(rows.length);
        expect(sum(frames)).toBe(rows.length);
        expect(Math.max(...windows)).toBeLessThanOrEqual(16);
        // A frame's units come before those of the next frame.
        let done = 0;
        for (const patches of frames) {
          const units = unitOrder.subarray(done, (done += patches / 4));
          expect(Math.max(...units)).toBe(done - 1);
        }
      }),
    );
  });

  it('refuses a grid that cannot be merged', () => {
    expect(() => visionLayout([[1, 3, 4]], config)).toThrow('grid 1x3x4 is not a multiple of the merge size 2');
  });
});
