import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { latestCheckpoint } from '../../src/checkpoints.js';
import { readMetrics } from '../../src/tracking/jsonl.js';
import { temporaryFolder } from '../helpers/temporary.js';
import { until } from '../helpers/until.js';
import { fakeRecipe } from './fake-recipe.js';

const main = fileURLToPath(new URL('fake-main.ts', import.meta.url));

/** The command line in a process of its own. */
function cli(args: string[], env: Record<string, string> = {}) {
  const command = ['--conditions=@q-insight/source', '--import', 'tsx', main, ...args];
  const child = spawn(process.execPath, command, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let [printed, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const closed = once(child, 'close') as Promise<[code: number | null]>; // all that it said is there
  return { child, ended: closed.then(([code]) => code), printed: () => printed, said: () => said };
}

/** A run that has come to the middle of a step, and stays there until a signal comes. */
async function haltedIn(step: number, ...args: string[]) {
  const process = cli(['train', ...args], { HALT_AT: String(step) });
  await until(() => process.printed().includes('halted'));
  return process;
}

const logged = (run: string) => readMetrics(run).map(({ step }) => step);

const resumed = (run: string) => cli(['train', '--resume', '--output', run, '--no-evaluate']);

test('Ctrl-C finishes the step, saves, says how to go on and exits with 130; resuming finishes the run', async () => {
  const run = join(temporaryFolder(), 'run');
  const recipe = fakeRecipe({ steps: 12, saveEvery: 100 });
  const { child, ended, said } = await haltedIn(4, recipe, '--output', run);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(latestCheckpoint(run)!.state.step).toBe(4);
  expect(said()).toContain(`stopped after step 4; go on with: q-insight train --resume --output ${run}`);
  expect(existsSync(join(run, 'final'))).toBe(false);

  expect(await resumed(run).ended).toBe(0);
  expect(logged(run)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test('killed, a run keeps its last checkpoint; starting again says what is there; resuming takes it up', async () => {
  const run = join(temporaryFolder(), 'run');
  const recipe = fakeRecipe({ steps: 12, saveEvery: 4 });
  const { child, ended } = await haltedIn(7, recipe, '--output', run);
  child.kill('SIGKILL');
  await ended;

  const again = cli(['train', recipe, '--output', run]);
  expect(await again.ended).not.toBe(0);
  expect(again.said()).toContain('holds an unfinished run, last checkpoint at step 4 of 12; go on with --resume');

  const rest = resumed(run);
  expect(await rest.ended).toBe(0);
  expect(rest.said()).toContain('resuming after step 4');
  expect(logged(run)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(existsSync(join(run, 'final', 'trainer.json'))).toBe(true);
});
