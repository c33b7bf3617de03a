/**
 * Options with a default in place of each that is not given.
 *
 * @param where - the function's name, for errors
 * @param least - the options that must be whole numbers, and how large at least
 * @throws RangeError naming an option that is not.
 * @example
 * ```ts
 * filledIn('serve', { port: 8000, queue: 256 }, { port: undefined, queue: 4 }, { port: 0, queue: 0 }); // { port: 8000, queue: 4 }
 * ```
 */
export function filledIn<T extends object>(
  where: string,
  defaults: T,
  options: { readonly [Name in keyof T]?: T[Name] | undefined },
  least: { readonly [Name in keyof T]?: number },
): T {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const filled: T = { ...defaults, ...(Object.fromEntries(given) as Partial<T>) };
  for (const [name, bound] of Object.entries(least) as [keyof T & string, number][]) {
    const value = filled[name];
    if (!(Number.isInteger(value) && (value as number) >= bound))
      throw new RangeError(`${where}: ${name} must be a whole number of at least ${bound}, got ${String(value)}`);
  }
  return filled;
}
