/** @throws when the lengths differ or a value is not finite; the message names the function. */
export function checkPairs(name: string, x: readonly number[], y: readonly number[]): void {
  if (x.length !== y.length) throw new Error(`${name}: expected as many x as y, got ${x.length} and ${y.length}`);
  for (const values of [x, y]) {
    const bad = values.find((value) => !Number.isFinite(value));
    if (bad !== undefined) throw new Error(`${name}: expected finite values, got ${bad}`);
  }
}

/** @returns NaN for no values. */
export const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** By equality, not by a computed spread. */
export const isConstant = (values: readonly number[]) => values.every((value) => value === values[0]);

/** Of what is not null; null when all is. */
export function meanOrNull(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === 0 ? null : mean(numbers);
}
