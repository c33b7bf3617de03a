import type { Parts } from '../../src/cli/parts.js';
import type { Fingerprints } from '../../src/data/fingerprints.js';
import { fakeDataset, fakePolicy } from '../fake-policy.js';

/** Stand-ins for model and data. `onSample` is awaited before each call for samples, counted from 1: one a step. */
export const fakeParts = (fingerprints: Fingerprints = {}, onSample?: (call: number) => Promise<void>): Parts => ({
  openPolicy: () => {
    const policy = fakePolicy();
    let calls = 0;
    const sample: typeof policy.sample = async (...request) => {
      await onSample?.(++calls);
      return policy.sample(...request);
    };
    return Promise.resolve({ ...policy, sample });
  },
  openDataset: () => Promise.resolve(fakeDataset()),
  checkMemory: () => Promise.resolve(),
  fingerprint: () => fingerprints,
});
