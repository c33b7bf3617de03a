import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
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
  let url = '';
  let server = await start('0');

  async function start(port: string): Promise<ChildProcess> {
    const flags = ['--port', port, '--name', 'tiny', '--checkpoints', checkpoints];
    const command = ['--conditions=@q-insight/source', '--import', 'tsx', main, 'serve-model', model, ...flags];
    const env = { ...process.env, Q_INSIGHT_BACKEND: 'wasm' };
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'ignore'], env });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the server ended before it listened')));
    const [said] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
    [url] = /http:\/\/[\d.]+:\d+/.exec(said.toString())!; // what says it may be coloured
    return child;
  }
  async function kill(): Promise<void> {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }
  const restart = async () => {
    await kill();
    server = await start(new URL(url).port);
  };
  return { url, restart, kill };
}
