import { checkPairs } from './pairs.js';

/**
 * The rising step function nearest to the labels in least squares (pool adjacent violators; Ayer et al. 1955), at each
 * rating. Equal ratings share a value. Pearson's correlation of it with the labels is what Zoom-IQA's evaluation reports
 * as PLCC: being fitted to the test labels themselves, it flatters.
 *
 * @param x - ratings
 * @param y - labels
 * @returns as many values as there are pairs
 * @throws when the lengths differ or a value is not finite.
 */
export function isotonicFit(x: readonly number[], y: readonly number[]): number[] {
  checkPairs('isotonicFit', x, y);
  const order = x.map((_, i) => i).sort((a, b) => x[a]! - x[b]!);
  const blocks: { sum: number; members: number[] }[] = [];
  for (const i of order) {
    const last = blocks.at(-1);
    if (last !== undefined && x[last.members[0]!] === x[i]) {
      last.sum += y[i]!;
      last.members.push(i);
    } else blocks.push({ sum: y[i]!, members: [i] });
  }
  const level = ({ sum, members }: { sum: number; members: number[] }) => sum / members.length;
  const pooled: typeof blocks = [];
  for (let block of blocks) {
    for (let before = pooled.at(-1); before && level(before) >= level(block); before = pooled.at(-1)) {
      block = { sum: before.sum + block.sum, members: before.members.concat(block.members) };
      pooled.pop();
    }
    pooled.push(block);
  }
  const fitted = new Array<number>(x.length);
  for (const block of pooled) for (const i of block.members) fitted[i] = level(block);
  return fitted;
}
