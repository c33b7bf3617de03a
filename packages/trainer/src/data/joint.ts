import type { Dataset } from './prompt.js';

/** Datasets one after the other. Ids are prefixed with the dataset's number, so that they stay unique. */
export function jointDataset(sets: readonly Dataset[]): Dataset {
  const starts = sets.map((_, k) => sets.slice(0, k).reduce((sum, { length }) => sum + length, 0));
  const length = sets.reduce((sum, set) => sum + set.length, 0);
  const place = (index: number) => {
    if (!(index >= 0 && index < length))
      throw new RangeError(`index must be an integer in [0, ${length}), got ${index}`);
    const k = starts.findLastIndex((start) => start <= index);
    return { set: sets[k]!, k, own: index - starts[k]! };
  };
  return {
    length,
    async get(index) {
      const { set, k, own } = place(index);
      const prompt = await set.get(own);
      return { ...prompt, id: `${k}/${prompt.id}` };
    },
    indexOf(id) {
      const [, k, own] = /^(\d+)\/(.*)$/s.exec(id) ?? [];
      const index = own === undefined ? undefined : sets[Number(k)]?.indexOf?.(own);
      return index === undefined ? undefined : starts[Number(k)]! + index;
    },
  };
}
