/**
 * A cache of rewards in a file. Node only.
 *
 * @module
 */
export { diskCache, type DiskCache, type DiskCacheOptions } from './disk-cache.js';
