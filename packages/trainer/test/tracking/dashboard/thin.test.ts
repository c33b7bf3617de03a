import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { thin } from '../../../src/tracking/dashboard/thin.js';

const steps = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe('thin', () => {
  test('leaves few points as they are, but for what is not finite', () => {
    expect(thin([1, 2, 5], [[1, NaN, 3]], 3)).toEqual({ steps: [1, 2, 5], columns: [[1, null, 3]], stretch: 1 });
  });

  test('keeps the lowest and the highest of each stretch in their order, and the last step', () => {
    const column = [1, 9, 2, 2, 7, 3, 0, 5, 4];
    const { steps: kept, columns, stretch } = thin(steps(9), [column], 6);
    expect(stretch).toBe(3);
    expect(kept).toEqual([1, 3, 4, 6, 7, 9]);
    expect(columns).toEqual([[1, 9, 2, 7, 0, 5]]);
  });

  test('draws a constant without gaps, a gap as one, and a single value once', () => {
    const flat = [4, 4, 4, 4, 4, 4, 4, 4];
    const sparse = [null, null, null, null, null, null, 6, null];
    expect(thin(steps(8), [flat, sparse], 4).columns).toEqual([
      [4, 4, 4, 4],
      [null, null, 6, null],
    ]);
  });

  test('never loses an extreme, never has too many points, and all columns are as long as the steps', () => {
    const column = fc.array(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(column, fc.integer({ min: 2, max: 100 }), (values, most) => {
        const { steps: kept, columns } = thin(steps(values.length), [values, values.map(() => 1)], most);
        expect(kept.length).toBeLessThanOrEqual(most);
        for (const one of columns) expect(one).toHaveLength(kept.length);
        expect(kept.at(-1)).toBe(values.length);
        expect([...kept]).toEqual([...new Set(kept)].sort((a, b) => a - b));
        const finite = (list: readonly (number | null)[]) => list.filter((value) => value !== null);
        expect(Math.max(...finite(columns[0]!))).toBe(Math.max(...finite(values)));
        expect(Math.min(...finite(columns[0]!))).toBe(Math.min(...finite(values)));
      }),
    );
  });
});
