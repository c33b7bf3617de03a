/** @internal Throws, naming the law, when two lists differ by more than `tolerance` of the expected one's scale. */
export function assertClose(
  law: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  if (actual.length !== expected.length) {
    throw new Error(`${law}: ${expected.length} values expected, got ${actual.length}`);
  }
  const scale = Array.from(expected).reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    if (!(error <= tolerance * scale)) {
      throw new Error(
        `${law}: [${i}] is ${String(actual[i])}, expected ${String(expected[i])} (within ${tolerance * scale})`,
      );
    }
  }
}
