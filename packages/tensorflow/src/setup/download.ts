import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';

/** Told how far a download is, in bytes. */
export type OnProgress = (received: number, total: number) => void;

/**
 * Downloads to `file` by way of `file.part`, which a later call goes on with where this one stopped.
 *
 * @throws Error naming the host when the server refuses or the connection breaks; `file` then does not exist.
 */
export async function download(url: string, file: string, onProgress: OnProgress): Promise<void> {
  const part = `${file}.part`;
  const start = await sizeOf(part);
  const { address, headers } = withoutCredentials(url);
  if (start > 0) headers.set('range', `bytes=${start}-`);
  const response = await reach(address, headers);
  if (response.status === 416) {
    await rm(part, { force: true }); // longer than the file: not a part of it
    return download(url, file, onProgress);
  }
  if (!response.ok || response.body === null) {
    throw new Error(`setup: ${address.host} answered ${response.status} for ${address.pathname}`);
  }
  const resumed = response.status === 206;
  const from = resumed ? start : 0;
  const total = from + Number(response.headers.get('content-length') ?? 0);
  const handle = await open(part, resumed ? 'a' : 'w');
  let received = from;
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      await handle.writeFile(chunk);
      received += chunk.length;
      onProgress(received, total);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new Error(`setup: the disk is full (${part})`, { cause: error });
    throw new Error(`setup: the connection to ${address.host} broke; run it again to go on from ${received} bytes`, {
      cause: error,
    });
  } finally {
    await handle.close();
  }
  await rename(part, file);
}

/** fetch, with the host and the reason in the error's message. */
export async function reach(address: URL, headers: Headers): Promise<Response> {
  return fetch(address, { headers }).catch((error: unknown) => {
    const { message, cause } = error as Error & { cause?: { code?: string } };
    throw new Error(`setup: cannot reach ${address.host} (${cause?.code ?? message})`, { cause: error });
  });
}

/** fetch refuses addresses with a user and password; they go into a header. */
export function withoutCredentials(url: string): { address: URL; headers: Headers } {
  const address = new URL(url);
  const headers = new Headers();
  if (address.username !== '') {
    const login = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`;
    headers.set('authorization', `Basic ${Buffer.from(login).toString('base64')}`);
    address.username = '';
    address.password = '';
  }
  return { address, headers };
}

/** @throws Error when a file's content is not the expected one; the file is deleted. */
export async function checkHash(file: string, algorithm: 'sha256' | 'sha512', expected: string): Promise<void> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  const got = hash.digest(algorithm === 'sha256' ? 'hex' : 'base64');
  if (got === expected) return;
  await rm(file, { force: true });
  throw new Error(
    `setup: ${file} is damaged (${algorithm} ${got}, expected ${expected}) and was deleted: run it again`,
  );
}

/** Size of a file in bytes; 0 when there is none. */
export async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
