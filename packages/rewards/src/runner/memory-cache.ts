import type { RewardCache } from './options.js';

/**
 * A cache in memory that drops what was not used longest.
 *
 * @param size - most values kept
 * @example
 * ```ts
 * const cache = memoryCache(10_000);
 * await runRewards(samples, rewards, { cache });
 * ```
 */
export function memoryCache(size: number): RewardCache {
  if (!(size >= 1)) throw new RangeError(`memoryCache: size must be at least 1, got ${size}`);
  const values = new Map<string, number | null>();
  return {
    get(key) {
      const value = values.get(key);
      if (value === undefined) return undefined;
      values.delete(key); // a Map keeps the order of insertion, so this makes the key the newest
      values.set(key, value);
      return value;
    },
    set(key, value) {
      values.delete(key);
      values.set(key, value);
      if (values.size > size) values.delete(values.keys().next().value!);
    },
  };
}
