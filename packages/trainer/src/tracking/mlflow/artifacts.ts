import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { MlflowClient } from './client.js';
import type { MlflowRun } from './run.js';

/** What a server that stores files itself calls their place. */
const PROXIED = /^mlflow-artifacts:(?:\/\/[^/]*)?\//;

/**
 * Stores files of a run folder with the server, those that are there and not empty.
 *
 * @throws when the server keeps its runs' files at a place of their own, such as a bucket, which only its clients reach
 */
export async function uploadFiles(
  client: MlflowClient,
  run: MlflowRun,
  folder: string,
  names: readonly string[],
): Promise<void> {
  if (!PROXIED.test(run.artifacts)) {
    throw new Error(`the server does not store files itself but at ${run.artifacts}; files stay in ${folder}`);
  }
  const root = run.artifacts.replace(PROXIED, '');
  for (const name of names) {
    const file = join(folder, name);
    if (existsSync(file) && statSync(file).size > 0) await client.upload(`${root}/${name}`, file);
  }
}
