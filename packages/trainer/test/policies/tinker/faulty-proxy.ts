import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import seedrandom from 'seedrandom';

/** What can go wrong with an exchange. */
export const FAULTS = [
  'lose request',
  'lose answer',
  'delay',
  'send twice',
  'cut request',
  'cut answer',
  'overtake',
] as const;
export type Fault = (typeof FAULTS)[number];

/** A proxy that spoils some exchanges. */
export interface FaultyProxy {
  readonly url: string;
  /** How often each fault was made. */
  readonly counts: Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** Milliseconds by which an exchange is late, and in which another can overtake it. */
const LATE = 30;

/**
 * Stands before a server and spoils a share of the exchanges, which ones follows from the seed.
 *
 * @param share - of all exchanges
 */
export async function startFaultyProxy(target: string, share: number, seed: string): Promise<FaultyProxy> {
  const random = seedrandom(seed);
  const counts: Record<string, number> = {};
  const { hostname, port: targetPort } = new URL(target);

  const forward = (
    request: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: Buffer }> =>
    // prettier-ignore
    new Promise((resolve, reject) => {
      const { method, url: path, headers } = request;
      const sent = http.request({ hostname, port: targetPort, method, path, headers }, (answer) => {
        collect(answer).then((whole) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: whole }), reject); // prettier-ignore
      });
      sent.on('error', reject);
      sent.end(body);
    });

  async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await collect(request);
    const fault = random() < share ? FAULTS[Math.floor(random() * FAULTS.length)]! : undefined;
    if (fault !== undefined) counts[fault] = (counts[fault] ?? 0) + 1;
    if (fault === 'lose request') return void request.socket.destroy();
    if (fault === 'cut request') {
      await cutRequest(request, body);
      return void request.socket.destroy();
    }
    if (fault === 'delay') await sleep(LATE);
    if (fault === 'overtake') {
      // the caller gives up on it and asks again; this one arrives after that
      request.socket.destroy();
      await sleep(5 * LATE);
      await forward(request, body).catch(() => undefined);
      return;
    }
    if (fault === 'send twice') await forward(request, body);
    const answer = await forward(request, body);
    if (fault === 'lose answer') return void request.socket.destroy();
    response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
    if (fault !== 'cut answer') return void response.end(answer.body);
    response.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () => request.socket.destroy());
  }

  /** Half of a request, and then nothing more. */
  function cutRequest(request: IncomingMessage, body: Buffer): Promise<void> {
    return new Promise((resolve) => {
      const { method, url: path, headers } = request;
      const sent = http.request({ hostname, port: targetPort, method, path, headers });
      sent.on('error', () => resolve());
      sent.write(body.subarray(0, Math.floor(body.length / 2)), () => {
        sent.destroy();
        resolve();
      });
    });
  }

  const server = http.createServer((request, response) => {
    exchange(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${port}`, counts, close };
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
