import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkHash } from './download.js';
import { KERNELS } from './versions.js';

const run = promisify(execFile);

/**
 * Puts the JavaScript kernels into `folder`. They come as a file from the npm registry and are not installed: installing
 * the package would run its script, which downloads a library of 2022 and fails where that is out of reach.
 */
export async function fetchKernels(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const pack = [
    'pack',
    `${KERNELS.package}@${KERNELS.version}`,
    '--ignore-scripts',
    '--json',
    '--pack-destination',
    folder,
  ];
  const { stdout } = await run('npm', pack, { cwd: folder, env: process.env }).catch((error: unknown) => {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    throw new Error(
      `setup: npm pack ${KERNELS.package} failed: ${(stderr || message).trim().split('\n').slice(0, 3).join(' ')}`,
    );
  });
  const [packed] = JSON.parse(stdout) as [{ filename: string }];
  const file = join(folder, packed.filename.replace('@', '').replace('/', '-'));
  await checkHash(file, 'sha512', KERNELS.sha512);
  await run('tar', ['-xzf', file, '-C', folder, '--strip-components=1']);
  await rm(file);
}
