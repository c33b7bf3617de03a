import * as tf from '@tensorflow/tfjs';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as util from 'node:util';
import { compileFunction } from 'node:vm';

type Exports = Record<string, unknown>;

/**
 * Runs the CommonJS files of the JavaScript kernels. They lie outside every node_modules and are to use this program's
 * TensorFlow.js, so what they require is answered here: their neighbours, TensorFlow.js, and node's `util` with the two
 * functions that Node 23 removed. Protocol buffers are only for TensorBoard summaries and are left out.
 */
export function createKernelLoader(folder: string): (file: string) => Exports {
  const nodeRequire = createRequire(import.meta.url);
  const substitutes: Record<string, unknown> = {
    '@tensorflow/tfjs': tf,
    '@tensorflow/tfjs-core': tf,
    util: { ...util, isNullOrUndefined: (x: unknown) => x === null || x === undefined, isArray: Array.isArray },
    './proto/api_pb': {},
  };
  const loaded = new Map<string, { exports: Exports }>();
  const load = (file: string): Exports => {
    const present = loaded.get(file);
    if (present !== undefined) return present.exports;
    const module = { exports: {} as Exports };
    loaded.set(file, module);
    const require = (id: string): unknown =>
      substitutes[id] ?? (id.startsWith('.') ? load(`${join(dirname(file), id)}.js`) : nodeRequire(id));
    const body = compileFunction(readFileSync(file, 'utf8'), ['exports', 'require', 'module'], { filename: file });
    (body as (...args: unknown[]) => void)(module.exports, require, module);
    return module.exports;
  };
  return (file) => load(join(folder, 'dist', file));
}
