import type { Dataset } from './prompt.js';

/** Weight of each set, or a temperature: a set of n prompts then weighs n^(1 / temperature). */
export type Mix = readonly number[] | { readonly temperature: number };

/**
 * Several datasets in one. Without a mix every prompt is there once. With one, the sets have the shares it asks for: the set that
 * is the largest for its weight is there once, the others are gone through again until their share is full. Ids are prefixed
 * with the dataset's number, and repetitions end in `#2`, `#3`, so that they stay unique.
 */
export function jointDataset(sets: readonly Dataset[], mix?: Mix): Dataset {
  const counts = mix === undefined ? sets.map(({ length }) => length) : mixedCounts(sets, mix);
  const starts = counts.map((_, k) => counts.slice(0, k).reduce((sum, count) => sum + count, 0));
  const length = counts.reduce((sum, count) => sum + count, 0);
  const place = (index: number) => {
    if (!(index >= 0 && index < length))
      throw new RangeError(`index must be an integer in [0, ${length}), got ${index}`);
    const k = starts.findLastIndex((start) => start <= index);
    const set = sets[k]!;
    const at = index - starts[k]!;
    return { set, k, own: at % set.length, round: Math.floor(at / set.length) };
  };
  return {
    length,
    async get(index) {
      const { set, k, own, round } = place(index);
      const prompt = await set.get(own);
      return { ...prompt, id: `${k}/${prompt.id}${round === 0 ? '' : `#${round + 1}`}` };
    },
    files(index) {
      const { set, own } = place(index);
      return set.files?.(own) ?? [];
    },
    indexOf(id) {
      const [, k, own, round = '1'] = /^(\d+)\/(.*?)(?:#(\d+))?$/s.exec(id) ?? [];
      const set = sets[Number(k)];
      const index = own === undefined ? undefined : set?.indexOf?.(own);
      return index === undefined ? undefined : starts[Number(k)]! + (Number(round) - 1) * set!.length + index;
    },
  };
}

/** Prompts of each set in one pass: all of every set at least once, in the proportion of the weights. */
function mixedCounts(sets: readonly Dataset[], mix: Mix): number[] {
  const weights = 'temperature' in mix ? sets.map(({ length }) => length ** (1 / mix.temperature)) : mix;
  if (weights.length !== sets.length) {
    throw new Error(`jointDataset: mix must have ${sets.length} weights, one a set, got ${weights.length}`);
  }
  const promptsPerWeight = Math.max(...sets.map(({ length }, k) => length / weights[k]!));
  return weights.map((weight) => Math.round(weight * promptsPerWeight));
}
