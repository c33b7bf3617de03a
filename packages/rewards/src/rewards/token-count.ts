import type { Sample } from '../sample.js';

/** The number of tokens in a completion; throws when the sample has no token ids. */
export function tokenCount(where: string, sample: Sample): number {
  if (sample.completionIds === undefined) throw new Error(`${where}: sample "${sample.id}" has no completionIds`);
  return sample.completionIds.length;
}
