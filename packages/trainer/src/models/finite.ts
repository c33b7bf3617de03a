/** The first value that is NaN or infinite; undefined when all are numbers. */
export function firstNonFinite(values: ArrayLike<number>): number | undefined {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return values[i];
  return undefined;
}

/** The same of bfloat16's bits: an exponent of ones. */
function firstNonFiniteBits(bits: Uint16Array): number | undefined {
  for (let i = 0; i < bits.length; i++) if ((bits[i]! & 0x7f80) === 0x7f80) return bits[i];
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

/** As {@link finiteTensor}, of bfloat16's bits. */
export function finiteBfloat16(bits: Uint16Array, file: string, name: string): Uint16Array {
  const bad = firstNonFiniteBits(bits);
  if (bad === undefined) return bits;
  const value = (bad & 0x7f) === 0 ? (bad & 0x8000 ? -Infinity : Infinity) : NaN;
  throw new Error(`${file}: tensor "${name}": holds ${value}, expected finite numbers`);
}
