/** Every error of this package reads: `function`: `argument` must …, got …. */
export function fail(where: string, argument: string, expected: string, got: unknown): never {
  throw new RangeError(`\`${where}\`: \`${argument}\` must ${expected}, got ${describe(got)}`);
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(String).join(', ')}]`;
  return String(value);
}

/** @internal */
export function checkLength(where: string, argument: string, got: number, expected: number): void {
  if (got !== expected) fail(where, argument, `have length ${expected}`, got);
}

/** @internal Finite or Infinity, and not below `least`. */
export function checkAtLeast(where: string, argument: string, value: number, least: number): void {
  if (!(value >= least)) fail(where, argument, `be at least ${least}`, value);
}

/** @internal */
export function checkFinite(where: string, argument: string, value: number): void {
  if (!Number.isFinite(value)) fail(where, argument, 'be finite', value);
}

/** @internal Each number of a list, named by its place. */
export function checkAllFinite(where: string, argument: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) checkFinite(where, `${argument}[${i}]`, values[i]!);
}

/** @internal Delta degrees of freedom. */
export function checkDdof(where: string, ddof: number): void {
  if (ddof !== 0 && ddof !== 1) fail(where, 'ddof', 'be 0 or 1', ddof);
}

/** @internal */
export function checkPositive(where: string, argument: string, value: number): void {
  if (!(value > 0)) fail(where, argument, 'be above 0', value);
}

/** @internal Names the choices, since a misspelt option is the commonest mistake. */
export function checkOneOf<T extends string>(
  where: string,
  argument: string,
  value: string,
  choices: readonly T[],
): asserts value is T {
  if (!(choices as readonly string[]).includes(value)) fail(where, argument, `be one of ${choices.join(', ')}`, value);
}
