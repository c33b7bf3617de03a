import { expect, test } from '@jest/globals';
import { regionReward } from '../../src/index.js';
import { intersectionOverUnion } from '../../src/rewards/region.js';
import { sampleOf } from '../samples.js';

const REGION = { metadata: { region: [0, 0, 10, 10] } };
const said = (box: string): ReturnType<typeof sampleOf> => ({
  ...sampleOf(`<answer>{"bbox_2d": ${box}, "x": 1}</answer>`),
  ...REGION,
});

test('intersection over union', () => {
  expect(intersectionOverUnion([0, 0, 10, 10], [5, 0, 15, 10])).toBeCloseTo(1 / 3, 12); // 50 of 100 + 100 - 50
  expect(intersectionOverUnion([0, 0, 10, 10], [0, 0, 10, 10])).toBe(1);
  expect(intersectionOverUnion([0, 0, 1, 1], [2, 2, 3, 3])).toBe(0);
  expect(intersectionOverUnion([1, 1, 1, 1], [1, 1, 1, 1])).toBe(0);
  expect(intersectionOverUnion([2, 4, 6, 8], [4, 6, 8, 10])).toBeCloseTo(4 / 28, 12); // 4 of 16 + 16 - 4
});

test.each([
  ['[0, 0, 10, 10]', 1],
  ['[0, 0, 10, 5]', 1], // exactly one half
  ['[0, 0, 10, 4]', 0],
  ['[20, 20, 30, 30]', 0],
  ['"none"', 0],
  ['[0, 0, 10]', 0],
  ['[10, 10, 0, 0]', 0],
  ['[0, 10, 10, 0]', 0],
  ['[10, 0, 0, 10]', 0],
])('%s earns %d', (box, value) => {
  expect(regionReward().score(said(box))).toBe(value);
});

test('the overlap itself, another threshold, no label', () => {
  expect(regionReward({ threshold: 'overlap' }).score(said('[0, 0, 10, 4]'))).toBeCloseTo(0.4, 12);
  expect(regionReward({ threshold: 0.3 }).score(said('[0, 0, 10, 4]'))).toBe(1);
  expect(regionReward().score(sampleOf('<answer>{"bbox_2d": [0, 0, 1, 1]}</answer>'))).toBeNull();
  expect(regionReward().explain?.(said('"none"'))).toBe('"none" is no box [left, top, right, bottom]');
});
