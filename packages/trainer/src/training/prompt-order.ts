import { shuffled } from '../random.js';

/** One pass over the data, in an order that follows from the seed and the number of the pass. */
const passOf = (length: number, seed: string): number[] => shuffled([...Array(length).keys()], seed);

/** The last passes that were asked for. Steps follow each other, and to shuffle a million prompts takes 0.15 s. */
const recent = new Map<string, readonly number[]>();
const KEPT = 2; // a step may end one pass and begin the next

function recentPass(length: number, seed: string): readonly number[] {
  const key = `${length}/${seed}`;
  const order = recent.get(key) ?? passOf(length, seed);
  recent.set(key, order);
  if (recent.size > KEPT) recent.delete(recent.keys().next().value!);
  return order;
}

/**
 * Which prompts a step trains on. Every pass shows each prompt once, each pass in another order. A function of the step
 * alone, so a resumed run needs no cursor.
 *
 * @param length - prompts in the dataset
 * @param perStep - prompts a step
 * @param step - from 1
 * @returns `perStep` indices in [0, length)
 */
export function promptIndices(length: number, perStep: number, step: number, seed: string | number): number[] {
  if (length < 1) throw new RangeError(`promptIndices: the dataset must hold at least one prompt, got ${length}`);
  return Array.from({ length: perStep }, (_, i) => {
    const position = (step - 1) * perStep + i;
    const pass = Math.floor(position / length);
    return recentPass(length, `${seed}/order/${pass}`)[position % length]!;
  });
}
