import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { positionIds } from '../../../src/models/qwen2.5-vl/position-ids.js';

const IMAGE = 9;
const rows = (ids: Int32Array) =>
  [0, 1, 2].map((axis) => [...ids.subarray((axis * ids.length) / 3, ((axis + 1) * ids.length) / 3)]);

test('text alone counts up on all axes', () => {
  const { positionIds: ids, ropeDelta } = positionIds([5, 6, 7], [], IMAGE, 2);
  expect(rows(ids)).toEqual([
    [0, 1, 2],
    [0, 1, 2],
    [0, 1, 2],
  ]);
  expect(ropeDelta).toBe(0);
});

test('an image of 4x6 patches is a grid of 2x3 tokens; text goes on from its longer side', () => {
  const { positionIds: ids, ropeDelta } = positionIds([5, 9, 9, 9, 9, 9, 9, 6], [[1, 4, 6]], IMAGE, 2);
  expect(rows(ids)).toEqual([
    [0, 1, 1, 1, 1, 1, 1, 4],
    [0, 1, 1, 1, 2, 2, 2, 4],
    [0, 1, 2, 3, 1, 2, 3, 4],
  ]);
  expect(ropeDelta).toBe(-3); // the next token, number 8, stands at 5
});

test('adjacent images are told apart by their grids; frames of one share a time', () => {
  const { positionIds: ids, ropeDelta } = positionIds(
    [9, 9, 9],
    [
      [2, 2, 2],
      [1, 2, 2],
    ],
    IMAGE,
    2,
  );
  expect(rows(ids)).toEqual([
    [0, 0, 1],
    [0, 0, 1],
    [0, 0, 1],
  ]);
  expect(ropeDelta).toBe(-1);
});

describe('a count that does not fit is refused', () => {
  test.each<[string, number[], [number, number, number][], string]>([
    ['too few tokens', [9, 5], [[1, 2, 4]], 'image 1 needs 2 image tokens, got 1'],
    ['too few at the end', [9], [[1, 2, 4]], 'image 1 needs 2 image tokens, got 1'],
    ['too many tokens', [9, 9], [[1, 2, 2]], 'image tokens at 1, but only 1 images'],
    ['no tokens', [5], [[1, 2, 2]], '1 images, but image tokens for 0'],
  ])('%s', (_, ids, grids, message) => {
    expect(() => positionIds(ids, grids, IMAGE, 2)).toThrow(message);
  });
});

test('law: the text after everything stands one past the largest position, as ropeDelta says', () => {
  const grid = fc.tuple(fc.constant(1), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }));
  const part = fc.oneof(fc.constant(null), grid);
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const ids = parts.flatMap((p) => (p === null ? [5] : Array<number>(p[0] * p[1] * p[2]).fill(IMAGE)));
      const grids = parts.filter((p) => p !== null).map((p): [number, number, number] => [p[0], p[1] * 2, p[2] * 2]);
      const before = positionIds(ids, grids, IMAGE, 2);
      const after = positionIds([...ids, 5], grids, IMAGE, 2);
      expect(after.positionIds[ids.length]).toBe(ids.length + before.ropeDelta);
      expect(ids.length + before.ropeDelta).toBe(Math.max(-1, ...before.positionIds) + 1);
      expect(after.ropeDelta).toBe(before.ropeDelta);
    }),
  );
});
