import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { NATIVE_FOLDER } from '../native-folder.js';

const require = createRequire(import.meta.url);
const packageFolder = (name: string): string => dirname(require.resolve(`${name}/package.json`));

/** Changes whenever the addon's sources do, so that an addon of other sources is not taken for this one. */
export function sourcesDigest(): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(NATIVE_FOLDER).sort())
    hash.update(file).update(readFileSync(join(NATIVE_FOLDER, file)));
  return hash.digest('hex').slice(0, 16);
}

/** The folders of a TensorFlow to compile against. */
export interface Library {
  /** Holds libtensorflow_cc.so.2, libtensorflow_framework.so.2 and include/. */
  readonly folder: string;
  readonly version: string;
}

/**
 * Compiles the addon to `output`.
 *
 * @param home - where the addon will lie in the end, from which it looks for the library
 * @throws Error with the compiler's words
 */
export async function compileAddon(compiler: string, library: Library, output: string, home: string): Promise<void> {
  const sources = readdirSync(NATIVE_FOLDER).filter((file) => file.endsWith('.cc'));
  const headers = [
    packageFolder('node-addon-api'),
    join(packageFolder('node-api-headers'), 'include'),
    join(library.folder, 'include'),
  ];
  const args = [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS'],
    ...headers.flatMap((folder) => ['-isystem', folder]),
    ...sources.map((file) => join(NATIVE_FOLDER, file)),
    `-L${library.folder}`,
    ...['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
    `-Wl,-rpath,$ORIGIN/${relative(home, library.folder)}`,
    ...['-o', output],
  ];
  const { code, signal, text } = await run(compiler, args);
  if (code === 0) return;
  const reason = signal ? `was ended by ${signal}` : `failed (exit status ${code})`;
  throw new Error(`setup: ${compiler} ${reason}${text === '' ? '' : `:\n${text.slice(0, 4000)}`}`);
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly text: string;
}

function run(command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: process.env, stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, text: text.trim() }));
  });
}
