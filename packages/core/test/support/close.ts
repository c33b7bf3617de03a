export interface Tolerance {
  /** Relative to the greatest magnitude of the expected array. */
  readonly relative?: number;
  /** For all entries, or one for each. */
  readonly absolute?: number | ArrayLike<number>;
}

/** 1e-7 of the array's scale: golden files carry nine digits, float64 on both sides. */
export const FLOAT64: Tolerance = { relative: 1e-7, absolute: 1e-12 };
/** Some constants or statistics inside the package are float32 (2^-24 = 6e-8, a few operations deep). */
export const FLOAT32_INSIDE: Tolerance = { relative: 1e-6, absolute: 1e-9 };
/** The package ran in float32 throughout. */
export const FLOAT32: Tolerance = { relative: 1e-4, absolute: 1e-5 };

/** |actual − expected| of each entry; NaN equals only NaN. */
export function errors(actual: ArrayLike<number>, expected: ArrayLike<number>): number[] {
  if (actual.length !== expected.length) throw new Error(`length ${actual.length}, expected ${expected.length}`);
  return Array.from(expected, (e, i) => {
    if (Object.is(actual[i], e) || (Number.isNaN(actual[i]) && Number.isNaN(e))) return 0;
    const error = Math.abs(actual[i]! - e);
    return Number.isNaN(error) ? Infinity : error;
  });
}

/** Greatest finite magnitude. */
export function scaleOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
}

/** Throws with the first difference that is out of tolerance. */
export function expectClose(
  actual: ArrayLike<number> | number,
  expected: ArrayLike<number> | number,
  { relative = 0, absolute = 0 }: Tolerance,
): void {
  const a = typeof actual === 'number' ? [actual] : actual;
  const e = typeof expected === 'number' ? [expected] : expected;
  const scale = scaleOf(e);
  errors(a, e).forEach((error, i) => {
    const allowed = (typeof absolute === 'number' ? absolute : absolute[i]!) + relative * scale;
    if (error <= allowed) return;
    throw new Error(`[${i}] differs by ${error}, allowed ${allowed}\n  got      ${show(a)}\n  expected ${show(e)}`);
  });
}

const show = (values: ArrayLike<number>) => `[${Array.from(values).slice(0, 24).join(', ')}]`;
