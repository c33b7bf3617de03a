import { expect, test } from '@jest/globals';
import { memoryCache } from '../../src/index.js';

test('drops what was not used longest', () => {
  const cache = memoryCache(2);
  cache.set('a', 1);
  cache.set('b', null);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  cache.set('c', null);
  expect([cache.get('a'), cache.get('c')]).toEqual([1, null]);
});

test('needs room', () => {
  expect(() => memoryCache(0)).toThrow('memoryCache: size must be at least 1, got 0');
});
