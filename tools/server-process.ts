import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server of another system, in a process of its own. */
export interface ServerProcess {
  readonly url: string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

/** Options of {@link startServer}. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Besides this process's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  /** Where it says that it is ready. */
  readonly health: string;
  /** File that its words are added to. */
  readonly log: string;
}

const READY_WITHIN = 300_000; // milliseconds

/** Starts a server and waits until it answers. */
export async function startServer({ command, args, env, url, health, log }: ServerCommand): Promise<ServerProcess> {
  const output = openSync(log, 'a');
  const server = spawn(command, args, {
    detached: true, // a group of its own, as servers have children, and a crash takes all of them
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  });
  process.once('exit', () => endGroup(server));
  const kill = () => killGroup(server);
  const end = Date.now() + READY_WITHIN;
  while (!(await isHealthy(`${url}${health}`))) {
    if (server.exitCode === null && Date.now() < end) await sleep(500);
    else {
      await kill();
      throw new Error(`${command} did not start: see ${log}`);
    }
  }
  return { url, kill };
}

const isHealthy = (address: string): Promise<boolean> =>
  fetch(address, { signal: AbortSignal.timeout(2000) }).then(({ ok }) => ok, () => false); // prettier-ignore

// a server in a group of its own outlives a Ctrl-C that ends this process
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const isRunning = ({ exitCode, signalCode, pid }: ChildProcess) =>
  exitCode === null && signalCode === null && pid !== undefined;

function endGroup(server: ChildProcess): void {
  if (isRunning(server)) process.kill(-server.pid!, 'SIGKILL');
}

async function killGroup(server: ChildProcess): Promise<void> {
  if (!isRunning(server)) return;
  const ended = once(server, 'exit');
  endGroup(server);
  await ended;
}
