import { shuffled } from '../random.js';

/** Which rows of a dataset are used. */
export interface SamplingStrategy {
  readonly kind: 'all' | 'first' | 'end' | 'random';
  readonly count: number;
  readonly unit: 'rows' | '%';
}

/**
 * Reads a strategy as Q-Insight's dataset files write it: `all`, `first:N`, `end:N`, `random:N`, or a share such as
 * `first:10%`.
 *
 * @returns undefined for anything else
 */
export function parseSampling(text: string): SamplingStrategy | undefined {
  if (text === 'all') return { kind: 'all', count: 100, unit: '%' };
  const match = /^(first|end|random):(\d+(?:\.\d+)?)(%?)$/.exec(text);
  if (match === null) return undefined;
  const strategy = { kind: match[1] as 'first' | 'end' | 'random', count: Number(match[2]), unit: match[3] === '%' ? '%' : 'rows' } as const; // prettier-ignore
  const fits = strategy.unit === '%' ? strategy.count <= 100 : Number.isInteger(strategy.count);
  return strategy.count > 0 && fits ? strategy : undefined;
}

/**
 * The rows a strategy chooses; a share is rounded up, as upstream does. `random` shuffles by the seed and takes the first.
 *
 * @throws when there are fewer rows than asked for, where upstream silently takes what there is.
 */
export function sampleRows<T>(rows: readonly T[], strategy: SamplingStrategy, seed: string): readonly T[] {
  const { kind, count, unit } = strategy;
  const size = unit === '%' ? Math.ceil((count * rows.length) / 100) : count;
  if (size > rows.length) throw new Error(`'sample' asks for ${size} rows, but there are ${rows.length}`);
  if (kind === 'end') return rows.slice(rows.length - size);
  if (kind === 'random') return shuffled(rows, seed).slice(0, size);
  return size === rows.length ? rows : rows.slice(0, size);
}
