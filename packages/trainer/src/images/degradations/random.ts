/** Standard normal numbers by Box and Muller, two for every pair of uniforms. */
export function gaussian(random: () => number): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random())); // 1 - u is never 0
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

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
