import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { program } from '../../src/cli/program.js';
import { writeRun } from '../helpers/dashboard-run.js';
import { temporaryFolder } from '../helpers/temporary.js';
import { fakeParts } from './fake-parts.js';

const open: ChildProcess[] = [];
afterEach(() => {
  for (const child of open.splice(0)) child.kill('SIGKILL');
});

function dashboard(...args: string[]) {
  const main = fileURLToPath(new URL('fake-main.ts', import.meta.url));
  const command = ['--conditions=@q-insight/source', '--import', 'tsx', main, 'dashboard', ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  open.push(child);
  return child;
}

test('says where it is, shows the runs there on this machine alone, and ends on SIGTERM with 0, a page open or not', async () => {
  const root = temporaryFolder();
  writeRun(join(root, 'one'), 2);
  const child = dashboard(root, '--port', '0');
  let line = '';
  for await (line of createInterface(child.stdout)) break;
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)![0];
  expect(line).toContain(`shows ${root}`);
  expect(await (await fetch(`${url}/runs`)).json()).toMatchObject([{ name: 'one', step: 2 }]);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('refuses a folder that holds no run, and a port that is none', async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'something'));
  const command = (...args: string[]) =>
    program(fakeParts(), '0.0.0').parseAsync(['node', 'q-insight', 'dashboard', ...args]);
  await expect(command(root)).rejects.toThrow(`${root}: holds no run`);
  await expect(command(temporaryFolder(), '--port', 'x')).rejects.toThrow(
    "--port: expected a whole number of at least 0, got 'x'",
  );
});
