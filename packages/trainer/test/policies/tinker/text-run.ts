import type { Prompt } from '../../../src/data/prompt.js';

/** Two questions without images. */
export const textPrompts: readonly Prompt[] = ['Is it sharp?', 'What is wrong with it?'].map((content, i) => {
  return { id: `p${i}`, messages: [{ role: 'user', content }], label: { task: 'score', score: 3 } };
});

/** The share of even tokens: something that differs from answer to answer. */
export const evenTokens = {
  name: 'even',
  range: [0, 1] as [number, number],
  score: ({ completionIds = [] }: { completionIds?: readonly number[] }) =>
    completionIds.filter((token) => token % 2 === 0).length / Math.max(1, completionIds.length),
};
