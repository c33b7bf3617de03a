import type fc from 'fast-check';
import { arbitraryBatch, type FullBatch } from '../../src/invariants/index.js';

export { arbitraryRewardGroups as rewardGroups } from '../../src/invariants/index.js';

/** A batch whose |logps - oldLogps| is at most `drift`. */
export const batches = (drift = 1): fc.Arbitrary<FullBatch> => arbitraryBatch({ drift });
