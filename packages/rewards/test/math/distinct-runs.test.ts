import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countDistinctRuns } from '../../src/math/distinct-runs.js';

test('counts as a set of the runs would', () => {
  const numbers = fc.oneof(
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 60 }), // runs come again and again
    fc.array(fc.oneof(fc.integer(), fc.maxSafeInteger()), { maxLength: 60 }),
    fc.array(fc.nat(9), { maxLength: 30 }).map((small) => small.map((n) => n * 2 ** 32)), // alike in their low 32 bits
  );
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 5 }), (units, size) => {
      const runs = units.slice(0, Math.max(0, units.length - size + 1)).map((_, i) => units.slice(i, i + size).join());
      expect(countDistinctRuns(units, size)).toBe(new Set(runs).size);
    }),
  );
});
