import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Parts } from '../../src/cli/parts.js';
import { fakeDataset, fakePolicy } from '../fake-policy.js';
import { fakeSettings, temporaryFolder } from '../fake-run.js';

/** Stand-ins for model and data; a step takes `pace` milliseconds. */
export const fakeParts = (pace = 0): Parts => ({
  openPolicy: () => {
    const policy = fakePolicy();
    const sample: typeof policy.sample = async (...request) => {
      if (pace > 0) await new Promise((resolve) => setTimeout(resolve, pace));
      return policy.sample(...request);
    };
    return Promise.resolve({ ...policy, sample });
  },
  openDataset: () => fakeDataset(),
});

/** A recipe file for the fake policy. */
export function fakeRecipe(changes: Parameters<typeof fakeSettings>[0] = {}): string {
  const file = join(temporaryFolder(), 'fake.yaml');
  writeFileSync(file, stringify(fakeSettings({ steps: 6, saveEvery: 2, ...changes })));
  return file;
}
