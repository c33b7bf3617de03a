import { settingsSchema, type Recipe, type Settings } from '../src/config/schema.js';

/** Settings for a few steps of the fake policy. */
export function fakeSettings(changes: Partial<Recipe> = {}): Settings {
  const photos = { kind: 'photos', folder: 'nowhere' } as const;
  return settingsSchema.parse({
    model: { checkpoint: 'nowhere', train: 'full' },
    data: { train: photos, heldOut: photos },
    grpo: { groupSize: 8, promptsPerStep: 4, maxTokens: 4, microBatch: 5 },
    optimizer: { learningRate: 2, schedule: 'constant' },
    steps: 60,
    ...changes,
  });
}
