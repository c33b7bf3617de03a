#!/usr/bin/env node
import { createRequire } from 'node:module';
import { program } from './program.js';
import { realParts } from './real-parts.js';

// By the package's own name: the CommonJS build keeps this in another folder.
const { version } = createRequire(import.meta.url)('@q-insight/trainer/package.json') as { version: string };

/** One line is what a user can act on; the stack is for whoever looks for a bug. */
function fail(error: unknown): void {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  const debug = process.argv.includes('--debug');
  process.stderr.write(`${debug && stack !== undefined ? stack : `error: ${message.replaceAll(/\s*\n\s*/g, ' ')}`}\n`);
  process.exitCode = 1;
}

// No await at the top level: the build also makes a CommonJS file of this.
program(realParts, version).parseAsync().catch(fail);
