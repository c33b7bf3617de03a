/** Arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Variance with divisor n - ddof; 0 when all values are the same or there are not more than ddof. */
export function variance(values: readonly number[], ddof: 0 | 1): number {
  if (values.length <= ddof || values.every((value) => value === values[0])) return 0;
  const centre = mean(values);
  let sum = 0;
  for (const value of values) sum += (value - centre) ** 2;
  return sum / (values.length - ddof);
}
