import { checkLength, fail } from '../checks.js';
import type { GroupId } from '../types.js';

/** @internal Positions of each group's members, in order of first appearance. */
export function groupMembers(groups: ArrayLike<GroupId>): number[][] {
  const members = new Map<GroupId, number[]>();
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    const list = members.get(group);
    if (list === undefined) members.set(group, [i]);
    else list.push(i);
  }
  return [...members.values()];
}

/** @internal Rewards as float64 with NaN for "not applicable" (null, undefined or NaN). Infinity is an error. */
export function readRewards(
  where: string,
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
): Float64Array {
  checkLength(where, 'groups', groups.length, rewards.length);
  const out = new Float64Array(rewards.length);
  for (let i = 0; i < rewards.length; i++) {
    const reward = rewards[i] ?? NaN;
    if (reward === Infinity || reward === -Infinity) fail(where, 'rewards', `be finite or null, at [${i}]`, reward);
    out[i] = reward;
  }
  return out;
}

/** @internal */
export function mean(values: Float64Array, members: readonly number[]): number {
  let sum = 0;
  for (const i of members) sum += values[i]!;
  return sum / members.length;
}

/** @internal Two passes: the one-pass formula loses all digits when the mean is large beside the spread. */
export function standardDeviation(
  values: Float64Array,
  members: readonly number[],
  centre: number,
  ddof: 0 | 1,
): number {
  let squares = 0;
  for (const i of members) squares += (values[i]! - centre) ** 2;
  return Math.sqrt(squares / Math.max(1, members.length - ddof));
}

/**
 * @internal Whether all members are equal. Decided by the range, not by a computed standard deviation: rounding leaves
 * a deviation of about 1e-8 in a float32 group of equal rewards, which a small epsilon then blows up to real advantages.
 */
export function isConstant(values: Float64Array, members: readonly number[], tolerance: number): boolean {
  let low = Infinity;
  let high = -Infinity;
  for (const i of members) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  return high - low <= tolerance * Math.max(Math.abs(low), Math.abs(high));
}
