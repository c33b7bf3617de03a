import { open, realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { quote } from '../answer/reading.js';
import { messageOf } from '../runner/message-of.js';

/** What may be read. */
export interface ImageLimits {
  readonly imageRoot?: string | undefined;
  readonly imageLimit: number;
}

/** The first bytes of the formats that are taken for images. */
const SIGNATURES: readonly (readonly [type: string, is: (bytes: Buffer) => boolean])[] = [
  ['image/png', (bytes) => bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))],
  ['image/jpeg', (bytes) => bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))],
  ['image/webp', (bytes) => latin1(bytes, 0, 4) === 'RIFF' && latin1(bytes, 8, 12) === 'WEBP'],
  ['image/gif', (bytes) => /^GIF8[79]a$/.test(latin1(bytes, 0, 6))],
  ['image/bmp', (bytes) => latin1(bytes, 0, 2) === 'BM'],
];

/**
 * The image as a data URL. A path is relative to the root, or absolute and inside it; links are followed before that is decided.
 * Rejects with a reason that can follow "image": nothing else is ever fetched or read.
 */
export async function imageUrl(source: string, limits: ImageLimits): Promise<string> {
  if (source.startsWith('data:')) return checkedDataUrl(source);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source))
    throw new Error(`must be a data URL or a path, got the address ${quote(source)}`);
  if (limits.imageRoot === undefined)
    throw new Error(`is the path ${quote(source)}, but the server was given no folder to read images from (--image-root)`); // prettier-ignore
  const bytes = await readInside(limits.imageRoot, source, limits.imageLimit);
  const type = typeOf(bytes);
  if (type === undefined) throw new Error(`${quote(source)} is no PNG, JPEG, WebP, GIF or BMP file`);
  return `data:${type};base64,${bytes.toString('base64')}`;
}

function checkedDataUrl(url: string): string {
  const comma = url.indexOf(',');
  const head = comma === -1 ? '' : url.slice(0, comma);
  if (!/^data:image\/[a-z0-9.+-]+;base64$/i.test(head))
    throw new Error(`must be data:image/…;base64,…, got ${quote(url)}`);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(url.slice(comma + 1))) throw new Error('is a data URL that is not base64');
  return url;
}

async function readInside(root: string, path: string, limit: number): Promise<Buffer> {
  const home = await realpath(root);
  // One answer for what is not there and what is outside, so that nothing is learnt of files outside.
  const outside = new Error(`${quote(path)} is not a file inside the image folder`);
  if (path.includes('\0')) throw outside;
  const real = await realpath(resolve(home, path)).catch(() => undefined);
  if (real === undefined || !real.startsWith(home.endsWith(sep) ? home : home + sep)) throw outside;
  const file = await open(real, 'r').catch((error: unknown) => {
    throw new Error(`${quote(path)} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  try {
    const { size, isRegular } = await file.stat().then((stat) => ({ size: stat.size, isRegular: stat.isFile() }));
    if (!isRegular) throw outside;
    if (size > limit) throw new Error(`${quote(path)} has ${size} bytes, the limit is ${limit}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function typeOf(bytes: Buffer): string | undefined {
  return SIGNATURES.find(([, is]) => is(bytes))?.[0];
}

function latin1(bytes: Buffer, start: number, end: number): string {
  return bytes.subarray(start, end).toString('latin1');
}
