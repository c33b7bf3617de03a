import type { AnyReward, Sample } from '../src/index.js';
import { runRewards } from '../src/index.js';

/** One image: its label, and what its completions say. */
export interface Image {
  readonly label: number;
  readonly std?: number;
  readonly says: readonly (number | string)[];
}

/** A batch of score samples: image i is the group `i`, its completion k the sample `i.k`. */
export function batchOf(...images: Image[]): Sample[] {
  return images.flatMap(({ label, std, says }, image) =>
    says.map((rating, k) => ({
      id: `${image}.${k}`,
      group: String(image),
      completion: `<think>a</think><answer>{"rating": ${rating}}</answer>`,
      label: { task: 'score' as const, score: label, ...(std === undefined ? {} : { std }) },
    })),
  );
}

/** The column of one reward, in the order of the samples. */
export async function columnOf(reward: AnyReward, samples: readonly Sample[]): Promise<(number | null)[]> {
  const { values } = await runRewards(samples, [reward]);
  return values.map((row) => row[0] ?? null);
}

/** Asserts that numbers are close to 9 digits and nulls are null. */
export function expectClose(actual: readonly (number | null)[], expected: readonly (number | null)[]): void {
  const off = actual.findIndex((value, index) => {
    const wanted = expected[index] ?? null;
    return value === null || wanted === null ? value !== wanted : !(Math.abs(value - wanted) <= 1e-9);
  });
  if (actual.length !== expected.length || off >= 0) {
    throw new Error(`got ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
  }
}
