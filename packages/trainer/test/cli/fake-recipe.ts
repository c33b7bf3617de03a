import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { fakeSettings } from '../fake-run.js';
import { temporaryFolder } from '../helpers/temporary.js';

/** A recipe file for the fake policy. */
export function fakeRecipe(changes: Parameters<typeof fakeSettings>[0] = {}): string {
  const file = join(temporaryFolder(), 'fake.yaml');
  writeFileSync(file, stringify(fakeSettings({ steps: 6, saveEvery: 2, ...changes })));
  return file;
}
