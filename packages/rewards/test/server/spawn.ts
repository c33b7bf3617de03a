import { build } from 'esbuild';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServeOptions } from '../../src/server/index.js';

/** A server in a process of its own. */
export interface Child {
  readonly process: ChildProcess;
  readonly url: string;
  /** Lets its slow rewards come to an end. */
  readonly letGo: () => void;
  /** Code and signal it ends with, once it has said all. */
  readonly ended: Promise<[code: number | null, signal: string | null]>;
  /** What it has written to stderr so far. */
  readonly said: () => string;
}

const pathTo = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** `child.ts` in one file of JavaScript, which starts in a fifth of the time; below node_modules, so that fastify is found. */
const script = pathTo(`../../../../node_modules/.cache/q-insight/child-${process.pid}-${Date.now()}.mjs`);
const built = build({
  entryPoints: [pathTo('child.ts')],
  outfile: script,
  bundle: true,
  platform: 'node',
  format: 'esm',
  conditions: ['@q-insight/source'],
  external: ['fastify'],
});
const gates = mkdtempSync(join(tmpdir(), 'q-insight-gates-'));
let count = 0;
process.once('exit', () => {
  rmSync(script, { force: true });
  rmSync(gates, { recursive: true });
});

/** Starts `child.ts` and waits until it listens. */
export async function spawnServer(options: ServeOptions = {}): Promise<Child> {
  await built;
  const gate = join(gates, String((count += 1)));
  const child = fork(script, [JSON.stringify(options), gate], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let text = '';
  child.stderr!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  const started = once(child, 'message') as Promise<[{ url: string }]>;
  const first = await Promise.race([started, ended]);
  if (typeof first[0] !== 'object' || first[0] === null) throw new Error(`the server did not start: ${text}`);
  return { process: child, url: first[0].url, letGo: () => writeFileSync(gate, ''), ended, said: () => text };
}

/** Bytes in use after garbage collection, and what the event loop holds on to. */
export async function memoryOf({ process }: Child): Promise<{ readonly bytes: number; readonly resources: number }> {
  process.send('memory');
  const [answer] = (await once(process, 'message')) as [{ bytes: number; resources: number }];
  return answer;
}
