import type { RewardCache } from '../runner/options.js';
import { openDatabase } from './database.js';
import { digestOf, entryOf, valueOf, type Entry } from './entry.js';

/** Options of {@link diskCache}. */
export interface DiskCacheOptions {
  /**
   * Most values kept, at about 105 bytes each; the oldest go first.
   * @defaultValue 1 000 000
   */
  readonly size?: number;
}

/** A cache in a file. */
export interface DiskCache extends RewardCache {
  /** The values outlive the process. */
  readonly persistent: true;
  /** The value of a key; `undefined` when it is not there. */
  get(key: string): number | null | undefined;
  /** Keeps a value. */
  set(key: string, value: number | null): void;
  /** Closes the file; the cache cannot be used any more. */
  close(): void;
}

/**
 * A cache in a file, for rewards that cost more than a look into a file, such as a judge. It outlives the process, and several
 * processes may use one file at once. Only rewards with a `version` are kept: change it with the reward, and what the file
 * holds of the old one is not used.
 *
 * Throws when the file is damaged, is not a cache, or cannot be opened, and leaves it alone then; a damaged value throws when
 * it is read. Every message names the file. Node only; Node below 22.13 needs the package `@photostructure/sqlite`.
 *
 * @param file - path of an SQLite database; made when it is not there
 *
 * @example
 * ```ts
 * const cache = diskCache('rewards.db');
 * await runRewards(samples, rewards, { cache });
 * cache.close();
 * ```
 */
export function diskCache(file: string, options: DiskCacheOptions = {}): DiskCache {
  const { size = 1_000_000 } = options;
  if (!(Number.isInteger(size) && size >= 1))
    throw new RangeError(`diskCache: size must be a whole number of at least 1, got ${size}`);
  const database = named(file, () => openDatabase(file));
  const read = database.prepare('SELECT value, seal FROM rewards WHERE key = ?');
  const write = database.prepare(
    'INSERT INTO rewards (key, value, seal) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, seal = excluded.seal',
  );
  // Ids have no holes but at the low end, so this leaves `size` rows, whichever processes wrote them.
  const trim = database.prepare('DELETE FROM rewards WHERE id <= (SELECT max(id) FROM rewards) - ?');
  return {
    persistent: true,
    get: (key) =>
      named(file, () => {
        const digest = digestOf(key);
        const entry = read.get(digest) as Entry | undefined;
        if (entry === undefined) return undefined;
        const value = valueOf(digest, entry);
        if (value === undefined) throw new Error('the file is damaged: a value does not fit its seal');
        return value;
      }),
    set: (key, value) =>
      named(file, () => {
        const digest = digestOf(key);
        const entry = entryOf(digest, value);
        write.run(digest, entry.value, entry.seal);
        trim.run(size);
      }),
    close() {
      if (!database.isOpen) return;
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)'); // the package closes in full only once its statements are collected
      database.close();
    },
  };
}

/** Names the file in whatever goes wrong, and says what helps. */
function named<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const isDamaged = /damaged|malformed|not a database/.test(text);
    const advice = isDamaged ? '; a cache can be deleted without loss' : '';
    throw new Error(`diskCache: ${file}: ${text}${advice}`, { cause });
  }
}
