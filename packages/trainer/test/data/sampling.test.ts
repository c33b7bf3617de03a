import { expect, test } from '@jest/globals';
import { parseSampling, sampleRows } from '../../src/data/sampling.js';

const rows = Array.from({ length: 10 }, (_, i) => i);
const take = (text: string, seed = 's') => sampleRows(rows, parseSampling(text)!, seed);

test('strategies of Q-Insight', () => {
  expect(take('all')).toEqual(rows);
  expect(take('first:3')).toEqual([0, 1, 2]);
  expect(take('end:3')).toEqual([7, 8, 9]);
  expect(take('first:25%')).toEqual([0, 1, 2]); // 2.5 rounded up
  expect(take('end:10%')).toEqual([9]);
  expect(take('first:100%')).toEqual(rows);
});

test('random: without repeats, by the seed, every row as often', () => {
  expect(new Set(take('random:10')).size).toBe(10);
  expect(take('random:4')).toEqual(take('random:4'));
  expect(take('random:4')).not.toEqual(take('random:4', 't'));
  const counts = rows.map(() => 0);
  for (let i = 0; i < 2000; i++) for (const row of take('random:30%', `${i}`)) counts[row]! += 1;
  // each of 10 rows in 3 of 10 draws: 600 of 2000, deviation sqrt(2000 * .3 * .7) = 20
  for (const count of counts) expect(Math.abs(count - 600)).toBeLessThan(90);
});

test('more rows than there are is an error, where upstream takes what there is', () => {
  expect(() => take('first:11')).toThrow("'sample' asks for 11 rows, but there are 10");
});

test.each([
  '',
  'some',
  'first',
  'first:',
  'first:0',
  'first:-1',
  'first:1.5',
  'random:101%',
  'all:3',
  'last:3',
  'first:3 %',
])("'%s' is no strategy", (text) => expect(parseSampling(text)).toBeUndefined());
