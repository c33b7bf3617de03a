import { afterEach } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveRewards, type RewardServer, type RewardSet, type ServeOptions } from '../../src/server/index.js';

const open: RewardServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** A server on a free port, closed after the test. */
export async function serving(set: RewardSet, options: ServeOptions = {}): Promise<RewardServer> {
  const server = await serveRewards(set, { port: 0, log: () => undefined, drainTimeout: 100, ...options });
  open.push(server);
  return server;
}

/** A reply, its body read. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

/** What tests look for in a reply; each has some of it. */
export interface Body extends Result {
  readonly status: string;
  readonly reward: number;
  readonly reward_components: Readonly<Record<string, number>>;
  readonly results: readonly Result[];
  readonly errors: readonly { reward: string; samples: string[]; kind: string; message: string }[];
  readonly error: {
    code: string;
    message: string;
    sample?: string;
    samples?: string[];
    field?: string;
    reward?: string;
  };
}

interface Result {
  readonly id: string;
  readonly score: number | null;
  readonly components: Readonly<Record<string, number | null>>;
}

/** Posts JSON, or a text as it is. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return replyOf(response);
}

/** Gets a page. */
export async function get(url: string, headers: Record<string, string> = {}): Promise<Reply> {
  return replyOf(await fetch(url, { headers }));
}

async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : {}) as Body };
}

/** The value of a metric in the text of all. */
export const valueIn = (text: string, key: string): number =>
  Number(text.split('\n').find((line) => line.startsWith(`${key} `))?.slice(key.length)); // prettier-ignore

/** A promise that is settled from outside. */
export function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** Waits for a condition: long enough for a slow machine, and less than a test may take. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 150_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`it did not come to pass within 150 s: ${String(condition)}`);
    await sleep(5);
  }
}
