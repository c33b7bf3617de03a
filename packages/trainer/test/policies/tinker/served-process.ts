import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/** `q-insight serve-model` in a process of its own. */
export interface ServedProcess {
  readonly url: string;
  /** Ends it at once, as a crash would, and starts it again at the same address. */
  restart(): Promise<void>;
  kill(): Promise<void>;
}

/** Starts the server and waits until it listens. */
export async function startServed(model: string, checkpoints: string): Promise<ServedProcess> {
  const port = await freePort();
  let server = await start();

  async function start(): Promise<ChildProcess> {
    const flags = ['--port', String(port), '--name', 'tiny', '--checkpoints', checkpoints];
    const command = ['--conditions=@q-insight/source', '--import', 'tsx', main, 'serve-model', model, ...flags];
    const env = { ...process.env, Q_INSIGHT_BACKEND: 'wasm' };
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'ignore'], env });
    await once(child.stdout, 'data'); // its address
    return child;
  }
  async function kill(): Promise<void> {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }
  const restart = async () => {
    await kill();
    server = await start();
  };
  return { url: `http://127.0.0.1:${port}`, restart, kill };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
