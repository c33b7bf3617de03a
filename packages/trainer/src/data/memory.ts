import type { Dataset, Prompt } from './prompt.js';

/** The same dataset with every prompt kept once made: for data that is cheap to hold and slow to make. */
export function inMemory(dataset: Dataset): Dataset {
  const prompts = new Map<number, Promise<Prompt>>();
  return {
    length: dataset.length,
    get(index) {
      let prompt = prompts.get(index);
      if (prompt === undefined) {
        prompt = dataset.get(index);
        prompts.set(index, prompt);
        prompt.catch(() => prompts.delete(index));
      }
      return prompt;
    },
  };
}
