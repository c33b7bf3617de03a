import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { latestCheckpoint } from '../../src/checkpoints.js';
import { readMetrics } from '../../src/tracking/jsonl.js';
import { temporaryFolder } from '../helpers/temporary.js';
import { fakeRecipe } from './fake-recipe.js';

const main = fileURLToPath(new URL('fake-main.ts', import.meta.url));

/** The command line in a process of its own. */
function cli(...args: string[]) {
  const command = ['--conditions=@q-insight/source', '--import', 'tsx', main, ...args];
  const child: ChildProcess = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stderr!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stdout!.resume();
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return { child, ended, said: () => text };
}

const logged = (run: string) => readMetrics(run).map(({ step }) => step);

/** Waits until the run has logged a step. */
async function untilStep(run: string, step: number): Promise<void> {
  while ((logged(run).at(-1) ?? 0) < step) await new Promise((resolve) => setTimeout(resolve, 10));
}

const resumed = (run: string) => cli('train', '--resume', '--output', run, '--no-evaluate');

test('Ctrl-C finishes the step, saves, says how to go on and exits with 130; resuming finishes the run', async () => {
  const run = join(temporaryFolder(), 'run');
  const { child, ended, said } = cli('train', fakeRecipe({ steps: 12, saveEvery: 100 }), '--output', run);
  await untilStep(run, 3);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  const { step } = latestCheckpoint(run)!.state;
  expect(step).toBeGreaterThanOrEqual(3);
  expect(step).toBeLessThan(12);
  expect(said()).toContain(`stopped after step ${step}; go on with: q-insight train --resume --output ${run}`);
  expect(existsSync(join(run, 'final'))).toBe(false);

  expect(await resumed(run).ended).toBe(0);
  expect(logged(run)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test('killed, a run keeps its last checkpoint; starting again says what is there; resuming takes it up', async () => {
  const run = join(temporaryFolder(), 'run');
  const recipe = fakeRecipe({ steps: 12, saveEvery: 4 });
  const { child, ended } = cli('train', recipe, '--output', run);
  await untilStep(run, 6);
  child.kill('SIGKILL');
  await ended;

  const again = cli('train', recipe, '--output', run);
  expect(await again.ended).not.toBe(0);
  expect(again.said()).toMatch(/holds an unfinished run, last checkpoint at step (4|8) of 12; go on with --resume/);

  const rest = resumed(run);
  expect(await rest.ended).toBe(0);
  expect(rest.said()).toMatch(/resuming after step (4|8)/);
  expect(logged(run)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(existsSync(join(run, 'final', 'trainer.json'))).toBe(true);
});
