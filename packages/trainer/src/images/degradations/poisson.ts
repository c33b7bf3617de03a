/** One Poisson number by inversion: the smallest k whose cumulative probability exceeds a uniform. Means below about 700. */
export function poisson(mean: number, random: () => number): number {
  const target = random();
  let probability = Math.exp(-mean);
  let cumulative = probability;
  let k = 0;
  while (cumulative < target && probability > 0) {
    k += 1;
    probability *= mean / k;
    cumulative += probability;
  }
  return k;
}
