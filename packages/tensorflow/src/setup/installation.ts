import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache.js';

/** What setup leaves behind: where the pieces are, and what they are. */
export interface Installation {
  /** TensorFlow's version. */
  readonly tensorflow: string;
  /** 'cuda' when the library was set up for NVIDIA GPUs. */
  readonly variant: 'cpu' | 'cuda';
  /** 'wheel' when setup downloaded the library, 'python' when it is the active Python's own. */
  readonly source: 'wheel' | 'python';
  /** The folder of libtensorflow_cc.so.2. */
  readonly library: string;
  readonly addon: string;
  /** The folder of the JavaScript kernels. */
  readonly kernels: string;
  /** Digest of the C++ sources that the addon was compiled from. */
  readonly sources: string;
}

const fileOf = (cache: string): string => join(cache, 'installation.json');

/** What setup left in the cache folder; undefined where it has not run. */
export function readInstallation(cache = cacheFolder()): Installation | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(cache), 'utf8')) as Installation;
  } catch {
    return undefined;
  }
}

/** The last act of setup: before it, nothing is installed. */
export async function writeInstallation(installation: Installation, cache = cacheFolder()): Promise<void> {
  await writeFile(`${fileOf(cache)}.new`, `${JSON.stringify(installation, undefined, 2)}\n`);
  await rename(`${fileOf(cache)}.new`, fileOf(cache));
}
