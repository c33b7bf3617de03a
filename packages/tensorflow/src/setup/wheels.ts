import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkHash, download, reach, sizeOf, withoutCredentials, type OnProgress } from './download.js';
import { runPython } from './python.js';
import type { Wheel } from './versions.js';

/** The package index that pip uses. */
export function packageIndex(environment: NodeJS.ProcessEnv = process.env): string {
  const configured =
    environment['PIP_INDEX_URL'] ?? runPython(['-m', 'pip', 'config', 'get', 'global.index-url'])?.trim();
  return (configured || 'https://pypi.org/simple').replace(/\/+$/, '');
}

/** Where an index (PEP 503) has a wheel. */
export async function wheelAddress(index: string, { project, file }: Wheel): Promise<string> {
  const { address, headers } = withoutCredentials(`${index}/${project}/`);
  headers.set('accept', 'text/html');
  const response = await reach(address, headers);
  if (!response.ok) throw new Error(`setup: the package index answered ${response.status} for ${project}`);
  const page = await response.text();
  for (const [, href = ''] of page.matchAll(/href="([^"]*)"/g)) {
    const link = new URL(href.replaceAll('&amp;', '&'), response.url);
    if (!decodeURIComponent(link.pathname).endsWith(`/${file}`)) continue;
    const own = new URL(`${index}/`);
    if (link.host === own.host) Object.assign(link, { username: own.username, password: own.password });
    link.hash = '';
    return link.href;
  }
  throw new Error(`setup: the package index has no ${file}`);
}

/**
 * A wheel's file in `folder`, downloaded unless it is there, with its hash checked. Where the index cannot be reached
 * directly (a proxy, a private certificate), pip is asked to fetch it.
 */
export async function fetchWheel(wheel: Wheel, folder: string, onProgress: OnProgress): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, wheel.file);
  if ((await sizeOf(file)) === 0) {
    const address = await wheelAddress(packageIndex(), wheel).catch((error: unknown) => error as Error);
    if (typeof address === 'string') await download(address, file, onProgress);
    else if (!pipDownload(wheel, folder)) throw address;
  }
  await checkHash(file, 'sha256', wheel.sha256);
  return file;
}

function pipDownload({ project, version, file }: Wheel, folder: string): boolean {
  const platform = file.slice(0, -'.whl'.length).split('-').at(-1)!.split('.').at(-1)!;
  const selection = ['--no-deps', '--only-binary=:all:', '--python-version', '3.11', '--platform', platform];
  return (
    runPython(['-m', 'pip', 'download', ...selection, '-d', folder, `${project}==${version}`], 'inherit') !== undefined
  );
}

/** Deletes a wheel once its content is unpacked. */
export function removeWheel(file: string): Promise<void> {
  return rm(file, { force: true });
}
