/**
 * The distribution function of the standard normal, to about 15 digits.
 *
 * Up to |x| = 5 by the series Φ(x) = 1/2 + φ(x) (x + x³/3 + x⁵/(3·5) + …), all of whose terms have one sign; beyond, by the
 * continued fraction 1 - Φ(x) = φ(x) / (x + 1/(x + 2/(x + 3/(x + …)))) (Abramowitz and Stegun 26.2.11 and 26.2.14).
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  const size = Math.abs(x);
  if (size > 40) return x < 0 ? 0 : 1;
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (size <= 5) return 0.5 + density * series(x);
  const tail = density / continued(size);
  return x < 0 ? tail : 1 - tail;
}

function series(x: number): number {
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-18 * Math.abs(sum); odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return sum;
}

function continued(x: number): number {
  let value = x;
  for (let k = 60; k > 0; k -= 1) value = x + k / value;
  return value;
}
