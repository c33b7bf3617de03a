import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A SkyRL Tinker server on the CPU. */
export interface SkyrlServer {
  readonly url: string;
  /** Ends it at once, as a crash would; its database and checkpoints stay. */
  kill(): Promise<void>;
}

const READY_WITHIN = 120_000; // milliseconds

/**
 * Starts SkyRL's Tinker server and waits until it answers; one that was killed goes on with what it left in `folder`.
 *
 * @param environment - virtual environment with `skyrl[tinker,jax]` and `uv`
 * @param model - a Hugging Face folder
 */
export async function startSkyrl(
  environment: string,
  model: string,
  folder: string,
  port: number,
): Promise<SkyrlServer> {
  mkdirSync(folder, { recursive: true });
  const log = openSync(join(folder, 'server.log'), 'a');
  const bin = resolve(environment, 'bin');
  // The server starts its engine by the command line of its own parent, so it must be started by `uv run`.
  const server = spawn(
    join(bin, 'uv'),
    [
      ...['run', '--active', '--no-project', '-m', 'skyrl.tinker.api', '--base-model', resolve(model)],
      ...['--backend', 'jax', '--backend-config', '{"max_lora_adapters":16,"max_lora_rank":8}'],
      ...['--host', '127.0.0.1', '--port', String(port), '--checkpoints-base', resolve(folder, 'checkpoints')],
      ...['--database-url', `sqlite:///${resolve(folder, 'server.db')}`],
    ],
    {
      detached: true, // a group of its own, which ends together
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        PATH: `${bin}:${process.env['PATH']}`,
        VIRTUAL_ENV: resolve(environment),
        UV_NO_PROJECT: '1',
        UV_OFFLINE: '1',
        JAX_PLATFORMS: 'cpu',
        HF_HUB_OFFLINE: '1',
      },
    },
  );
  const url = `http://127.0.0.1:${port}`;
  const kill = () => killGroup(server);
  const end = Date.now() + READY_WITHIN;
  while (!(await isHealthy(url))) {
    if (server.exitCode === null && Date.now() < end) await sleep(500);
    else {
      await kill();
      throw new Error(`SkyRL did not start: see ${join(folder, 'server.log')}`);
    }
  }
  return { url, kill };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/api/v1/healthz`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

async function killGroup(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) return;
  const ended = once(server, 'exit');
  process.kill(-server.pid, 'SIGKILL');
  await ended;
}
