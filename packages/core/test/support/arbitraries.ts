import fc from 'fast-check';
import { arbitraryBatch, type FullBatch } from '../../src/invariants/index.js';

export { arbitraryRewardGroups as rewardGroups } from '../../src/invariants/index.js';

// FC_RUNS=1000 npm test -- packages/core    is the nightly dose
if (process.env['FC_RUNS'] !== undefined) fc.configureGlobal({ numRuns: Number(process.env['FC_RUNS']) });

/** A batch whose |logps - oldLogps| is at most `drift`. */
export const batches = (drift = 1): fc.Arbitrary<FullBatch> => arbitraryBatch({ drift });
