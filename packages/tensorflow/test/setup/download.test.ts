import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkHash, download } from '../../src/setup/download.js';
import { wheelAddress } from '../../src/setup/wheels.js';

const CONTENT = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
const HALF = 100_000;

let server: Server;
let base: string;
let folder: string;
let broken = false;
const asked: { path: string | undefined; range: string | undefined; authorization: string | undefined }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'q-insight-download-'));
  server = createServer((request, response) => {
    const { range, authorization } = request.headers;
    asked.push({ path: request.url, range, authorization });
    if (request.url === '/simple/thing/') {
      response.end('<a href="../../files/other-1.whl#sha256=1">x</a> <a href="../../files/thing-1.whl#sha256=2">y</a>');
      return;
    }
    if (request.url !== '/files/thing-1.whl') {
      response.writeHead(404).end();
      return;
    }
    const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    if (from >= CONTENT.length) {
      response.writeHead(416).end();
      return;
    }
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': CONTENT.length - from });
    if (!broken) response.end(CONTENT.subarray(from));
    else response.write(CONTENT.subarray(from, HALF), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  asked.length = 0;
  broken = false;
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

test('a broken download leaves no file, and the next one goes on where it stopped', async () => {
  const file = join(folder, 'resumed.whl');
  broken = true;
  await expect(download(`${base}/files/thing-1.whl`, file, () => undefined)).rejects.toThrow(
    'run it again to go on from',
  );
  expect(existsSync(file)).toBe(false);
  broken = false;
  const progress: number[] = [];
  await download(`${base}/files/thing-1.whl`, file, (received) => progress.push(received));
  expect(asked.map(({ range }) => range)).toEqual([undefined, `bytes=${HALF}-`]);
  expect(progress.at(-1)).toBe(CONTENT.length);
  expect(readFileSync(file).equals(CONTENT)).toBe(true);
});

test('a part longer than the file is thrown away', async () => {
  const file = join(folder, 'too-long.whl');
  writeFileSync(`${file}.part`, Buffer.alloc(CONTENT.length + 1));
  await download(`${base}/files/thing-1.whl`, file, () => undefined);
  expect(readFileSync(file).equals(CONTENT)).toBe(true);
});

test('what the server refuses is said', async () => {
  await expect(download(`${base}/nothing`, join(folder, 'nothing'), () => undefined)).rejects.toThrow(
    'answered 404 for /nothing',
  );
});

test('a truncated or changed file is named, and deleted so that the next run fetches it anew', async () => {
  const file = join(folder, 'truncated.whl');
  const expected = createHash('sha256').update(CONTENT).digest('hex');
  writeFileSync(file, CONTENT);
  await expect(checkHash(file, 'sha256', expected)).resolves.toBeUndefined();
  writeFileSync(file, CONTENT.subarray(0, -1));
  await expect(checkHash(file, 'sha256', expected)).rejects.toThrow(/truncated\.whl is damaged .*run it again/);
  expect(existsSync(file)).toBe(false);
});

test('a wheel is found on an index of links, with the login of the index', async () => {
  const wheel = { project: 'thing', version: '1', file: 'thing-1.whl', sha256: '' };
  const index = base.replace('//', '//user:word@');
  expect(await wheelAddress(`${index}/simple`, wheel)).toBe(`${index}/files/thing-1.whl`);
  expect(asked[0]!.authorization).toBe(`Basic ${Buffer.from('user:word').toString('base64')}`);
  await expect(wheelAddress(`${base}/simple`, { ...wheel, file: 'thing-2.whl' })).rejects.toThrow('no thing-2.whl');
});
