import { Command } from 'commander';
import { existsSync } from 'node:fs';
import type { Parts } from './parts.js';
import { trainRun } from './train.js';

const RECIPE = 'recipes/tiny.yaml';

/** `q-insight demo`. */
export function demoCommand(parts: Parts): Command {
  return new Command('demo')
    .description(`train and evaluate the tiny model: the same as 'q-insight train ${RECIPE}'`)
    .action(async () => {
      if (!existsSync(RECIPE)) throw new Error(`${RECIPE}: not found; run the demo from the repository's root`);
      process.exitCode = await trainRun(RECIPE, {}, parts);
    });
}
