/** Four roundings of float32: reward, sum, mean, difference. */
export const FLOAT32_UNIT = 2 ** -22;
/** The same in float64. */
export const FLOAT64_UNIT = 2 ** -50;

/**
 * [B] error a package may have made in each advantage: rewards and means are rounded to `unit` of their size, and the
 * difference is then divided by the group's deviation + epsilon. `epsilon` null = no division; nor is there one in a group of
 * one. In a group of equal rewards the deviation is rounding itself, so that the quotient is anything up to `unit / epsilon`.
 */
export function groupErrors(
  rewards: readonly (number | null)[],
  groups: readonly (number | string)[],
  epsilon: number | null,
  unit: number,
): number[] {
  const errors = new Map<number | string, number>();
  for (const group of new Set(groups)) {
    const members = rewards.filter((r, i): r is number => groups[i] === group && r !== null && !Number.isNaN(r));
    const centre = members.reduce((a, b) => a + b, 0) / members.length;
    const deviation = Math.sqrt(members.reduce((a, b) => a + (b - centre) ** 2, 0) / Math.max(1, members.length - 1));
    const largest = Math.max(...members.map(Math.abs), 0);
    const divisor = epsilon === null || members.length < 2 ? 1 : deviation + epsilon;
    // the deviation has the same rounding error, relative to itself
    const values = members.map((r) => Math.abs(r - centre) / divisor);
    const fromDeviation = divisor === 1 ? 0 : (Math.max(...values, 0) * largest * unit) / divisor;
    errors.set(group, (largest * unit) / divisor + fromDeviation);
  }
  return groups.map((group) => errors.get(group)!);
}
