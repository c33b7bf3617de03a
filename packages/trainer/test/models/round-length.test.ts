import { expect, it } from '@jest/globals';
import { chooseBackend } from '../../src/backends/choose-backend.js';
import { eighthsUp, roundCount, roundLength } from '../../src/models/round-length.js';

const numbers = Array.from({ length: 300 }, (_, i) => i + 1);

it('lengths are rounded up by an eighth at most, or to eight, and few come about', () => {
  for (const n of numbers) {
    expect(eighthsUp(n)).toBeGreaterThanOrEqual(n);
    expect(eighthsUp(n)).toBeLessThanOrEqual(Math.max(8, n + 7, n * 1.125));
    expect(eighthsUp(eighthsUp(n))).toBe(eighthsUp(n));
  }
  expect(new Set(numbers.filter((n) => n > 128 && n <= 256).map(eighthsUp)).size).toBe(8);
});

it('lengths and counts are rounded where programs are compiled, and left alone elsewhere', async () => {
  const isCompiled = (await chooseBackend()) === 'tensorflow';
  expect(numbers.map(roundLength)).toEqual(isCompiled ? numbers.map(eighthsUp) : numbers);
  const counts = [1, 2, 3, 4, 5, 7, 8, 9];
  expect(counts.map(roundCount)).toEqual(isCompiled ? [1, 2, 2, 4, 4, 4, 8, 8] : counts);
});
