/** The first value that is NaN or infinite; undefined when all are numbers. */
export function firstNonFinite(values: ArrayLike<number>): number | undefined {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return values[i];
  return undefined;
}

/**
 * Passes values on that a file gave.
 *
 * @throws Error naming file and tensor, when one is NaN or infinite: a model with such a weight answers nothing.
 */
export function finiteTensor(values: Float32Array, file: string, name: string): Float32Array {
  const bad = firstNonFinite(values);
  if (bad !== undefined) throw new Error(`${file}: tensor "${name}": holds ${bad}, expected finite numbers`);
  return values;
}
