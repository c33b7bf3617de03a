import type { Parts } from '../../src/cli/parts.js';
import type { Fingerprints } from '../../src/data/fingerprints.js';
import { fakeDataset, fakePolicy } from '../fake-policy.js';

/** Stand-ins for model and data; a step takes `pace` milliseconds. */
export const fakeParts = (pace = 0, fingerprints: Fingerprints = {}): Parts => ({
  openPolicy: () => {
    const policy = fakePolicy();
    const sample: typeof policy.sample = async (...request) => {
      if (pace > 0) await new Promise((resolve) => setTimeout(resolve, pace));
      return policy.sample(...request);
    };
    return Promise.resolve({ ...policy, sample });
  },
  openDataset: () => Promise.resolve(fakeDataset()),
  checkMemory: () => Promise.resolve(),
  fingerprint: () => fingerprints,
});
