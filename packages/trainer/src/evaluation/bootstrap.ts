import seedrandom from 'seedrandom';

/** Options of {@link bootstrapInterval}. */
export interface BootstrapOptions {
  /** The same seed gives the same interval. */
  readonly seed: string;
  /** @defaultValue 1000 */
  readonly resamples?: number;
  /** Share of resamples inside. @defaultValue 0.95 */
  readonly level?: number;
}

/** A percentile interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Percentile bootstrap (Efron 1979): the statistic of as many items, drawn with replacement, again and again. Items are
 * what varies independently: images, not the several answers about one.
 *
 * @param count - number of items
 * @param statistic - of items by their indices; null where it is not defined
 * @returns null for fewer than two items, or when more than a tenth of the resamples leave the statistic undefined.
 * @throws when the level is not inside (0, 1) or there are fewer than 2 resamples.
 */
export function bootstrapInterval(
  count: number,
  statistic: (indices: readonly number[]) => number | null,
  options: BootstrapOptions,
): Interval | null {
  const { seed, resamples = 1000, level = 0.95 } = options;
  if (!(level > 0 && level < 1)) throw new Error(`bootstrapInterval: level must be inside (0, 1), got ${level}`);
  if (!(resamples >= 2)) throw new Error(`bootstrapInterval: resamples must be at least 2, got ${resamples}`);
  if (count < 2) return null;
  const random = seedrandom(seed);
  const values: number[] = [];
  for (let i = 0; i < resamples; i++) {
    const value = statistic(Array.from({ length: count }, () => Math.floor(random.quick() * count)));
    if (value !== null) values.push(value);
  }
  if (values.length < 0.9 * resamples) return null;
  values.sort((a, b) => a - b);
  return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2) };
}

/** Of sorted values, linear between neighbours (numpy's default). */
export function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
