import { checkPairs, isConstant, mean } from './pairs.js';

/**
 * Pearson's linear correlation (PLCC in image quality).
 *
 * @returns in [-1, 1]; null for fewer than two pairs or when either side is constant, where it is not defined.
 * @throws when the lengths differ or a value is not finite.
 */
export function pearson(x: readonly number[], y: readonly number[]): number | null {
  checkPairs('pearson', x, y);
  if (x.length < 2 || isConstant(x) || isConstant(y)) return null;
  const meanX = mean(x);
  const meanY = mean(y);
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < x.length; i++) {
    const dx = x[i]! - meanX;
    const dy = y[i]! - meanY;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return Math.min(1, Math.max(-1, xy / Math.sqrt(xx) / Math.sqrt(yy)));
}

/**
 * Spearman's rank correlation (SRCC): Pearson's of the ranks, equal values sharing the mean of theirs. Ratings with two
 * decimals tie often, so how ties rank matters.
 *
 * @returns in [-1, 1]; null where {@link pearson} is.
 */
export function spearman(x: readonly number[], y: readonly number[]): number | null {
  checkPairs('spearman', x, y);
  return pearson(averageRanks(x), averageRanks(y));
}

/** Ranks from 1, equal values sharing the mean of theirs: [10, 20, 20] becomes [1, 2.5, 2.5]. */
export function averageRanks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end += 1;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}
