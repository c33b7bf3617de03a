// The command line with a fake model, for tests that send signals to a process of its own. With HALT_AT in the environment the model
// says 'halted' in that step, and goes on when SIGINT comes.
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from '../../src/cli/program.js';
import { fakeParts } from './fake-parts.js';

const { HALT_AT } = process.env;

async function halt(step: number): Promise<void> {
  if (step !== Number(HALT_AT)) return;
  let isInterrupted = false as boolean; // set by the signal
  process.once('SIGINT', () => (isInterrupted = true));
  process.stdout.write('halted\n');
  while (!isInterrupted) await sleep(10);
}

await program(fakeParts({}, halt), '0.0.0').parseAsync();
