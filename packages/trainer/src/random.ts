import { createHash } from 'node:crypto';
import seedrandom from 'seedrandom';

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

/** The items in an order that follows from the seed, by Fisher and Yates. */
export function shuffled<T>(items: readonly T[], seed: string): T[] {
  const random = seedrandom(seed);
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** A number of so many bits, at most 48, that follows from a text: a seed for an engine elsewhere. */
export function seedNumber(text: string, bits: number): number {
  const most = createHash('sha256').update(text).digest().readUIntBE(0, 6);
  return Math.floor(most / 2 ** (48 - bits));
}
