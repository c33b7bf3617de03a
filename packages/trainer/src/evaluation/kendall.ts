import { checkPairs, isConstant } from './pairs.js';

/**
 * Kendall's rank correlation with ties (KRCC), tau-b (Kendall 1945):
 *
 *   τ_b = (C - D) / √((P - X)(P - Y))
 *
 * over all P = n(n-1)/2 pairs: C agree in order, D disagree, X are tied in x, Y in y. Knight's way (1966): sorted by x,
 * the disagreeing pairs are the exchanges a merge sort by y makes, n log n in time.
 *
 * @returns in [-1, 1]; null for fewer than two pairs or when either side is constant, where it is not defined.
 * @throws when the lengths differ or a value is not finite.
 */
export function kendall(x: readonly number[], y: readonly number[]): number | null {
  checkPairs('kendall', x, y);
  if (x.length < 2 || isConstant(x) || isConstant(y)) return null;
  const order = x.map((_, i) => i).sort((a, b) => x[a]! - x[b]! || y[a]! - y[b]!);
  const pairs = tiedPairs(x.length);
  const tiedX = countTies(order, (a, b) => x[a] === x[b]);
  const tiedBoth = countTies(order, (a, b) => x[a] === x[b] && y[a] === y[b]);
  const { sorted, exchanges } = sortCounting(order.map((i) => y[i]!));
  const tiedY = countTies(sorted, (a, b) => a === b);
  const difference = pairs - tiedX - tiedY + tiedBoth - 2 * exchanges; // C - D
  const tau = difference / Math.sqrt(pairs - tiedX) / Math.sqrt(pairs - tiedY);
  return Math.min(1, Math.max(-1, tau));
}

const tiedPairs = (count: number) => (count * (count - 1)) / 2;

/** Pairs within runs of equal neighbours. */
function countTies(items: readonly number[], equal: (a: number, b: number) => boolean): number {
  let total = 0;
  let start = 0;
  for (let i = 1; i <= items.length; i++) {
    if (i < items.length && equal(items[i]!, items[start]!)) continue;
    total += tiedPairs(i - start);
    start = i;
  }
  return total;
}

/** Merge sort; counts the pairs that stood in falling order. */
function sortCounting(values: number[]): { sorted: number[]; exchanges: number } {
  let [from, to] = [values, new Array<number>(values.length)];
  let exchanges = 0;
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let [left, right] = [start, middle];
      for (let k = start; k < end; k++) {
        if (left < middle && (right >= end || from[left]! <= from[right]!)) to[k] = from[left++]!;
        else {
          exchanges += middle - left;
          to[k] = from[right++]!;
        }
      }
    }
    [from, to] = [to, from];
  }
  return { sorted: from, exchanges };
}
