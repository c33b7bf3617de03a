export interface Tolerance {
  /** Relative to the greatest magnitude of the expected array. */
  readonly relative?: number;
  readonly absolute?: number;
}

/** 1e-7 of the array's scale: golden files carry nine digits, float64 on both sides. */
export const FLOAT64: Tolerance = { relative: 1e-7, absolute: 1e-12 };
/** Some constants or statistics inside the package are float32 (2^-24 = 6e-8, a few operations deep). */
export const FLOAT32_INSIDE: Tolerance = { relative: 1e-6, absolute: 1e-9 };
/** The package ran in float32 throughout. */
export const FLOAT32: Tolerance = { relative: 1e-4, absolute: 1e-5 };

/** Largest difference; NaN equals only NaN. */
export function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`length ${actual.length}, expected ${expected.length}`);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i]) || (Number.isNaN(actual[i]) && Number.isNaN(expected[i]))) continue;
    const error = Math.abs(actual[i]! - expected[i]!);
    worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
  }
  return worst;
}

/** Throws with the largest difference when it is out of tolerance. */
export function expectClose(
  actual: ArrayLike<number> | number,
  expected: ArrayLike<number> | number,
  { relative = 0, absolute = 0 }: Tolerance,
): void {
  const a = typeof actual === 'number' ? [actual] : actual;
  const e = typeof expected === 'number' ? [expected] : expected;
  const scale = Array.from(e).reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  const allowed = absolute + relative * scale;
  const error = largestError(a, e);
  if (!(error <= allowed)) {
    throw new Error(`differs by ${error}, allowed ${allowed}\n  got      ${show(a)}\n  expected ${show(e)}`);
  }
}

const show = (values: ArrayLike<number>) => `[${Array.from(values).slice(0, 24).join(', ')}]`;
