import { expect, test } from '@jest/globals';
import { gaussianReward, laplaceReward, relativeErrorReward } from '../../src/index.js';
import { batchOf, columnOf, expectClose } from '../batches.js';
import { BLUR_LABEL, sampleOf } from '../samples.js';

const SAYS = batchOf({ label: 4, says: [4, 3, 4.5, 'null', 9] });

test('gaussian: exp(-(q - s)² / (2 σ²))', async () => {
  // σ = 0.5: errors 0, 1, 0.5 are 0, 2, 1 σ
  expectClose(await columnOf(gaussianReward({ sigma: 0.5 }), SAYS), [1, Math.exp(-2), Math.exp(-0.5), 0, 0]);
});

test('laplace: exp(-|clamp(q) - s| / τ)', async () => {
  // τ = 0.5: errors 0, 1, 0.5 are 0, 2, 1 τ; 9 is moved to 5, off by 1
  expectClose(await columnOf(laplaceReward({ tau: 0.5 }), SAYS), [1, Math.exp(-2), Math.exp(-1), 0, Math.exp(-2)]);
});

test('relative error: 1 - min(1, |q - s| / |s|)', async () => {
  expectClose(await columnOf(relativeErrorReward(), SAYS), [1, 0.75, 0.875, 0, 0]);
  const wide = relativeErrorReward({ read: { bounds: [-10, 10] } });
  expectClose(await columnOf(wide, batchOf({ label: 4, says: [9, -4] })), [0, 0]); // off by 5/4 and 8/4
  expectClose(await columnOf(wide, batchOf({ label: 0, says: [0, 1] })), [1, 0]);
});

test.each([gaussianReward(), laplaceReward(), relativeErrorReward()])('$name falls with the error', async (reward) => {
  const values = await columnOf(reward, batchOf({ label: 5, says: [5, 4.5, 4, 3, 1] }));
  expect(values).toEqual(values.toSorted((a, b) => (b ?? 0) - (a ?? 0)));
  expect(values[0]).toBe(1);
  expect(reward.score(sampleOf('', BLUR_LABEL))).toBeNull();
  expect(reward.explain?.(SAYS[1]!)).toBe('said 3, the label is 4, off by 1');
});

test('a width of 0 is refused', () => {
  expect(() => gaussianReward({ sigma: 0 })).toThrow('gaussianReward: sigma must be a number above 0, got 0');
  expect(() => laplaceReward({ tau: NaN })).toThrow('laplaceReward: tau must be a number above 0, got NaN');
});
