import { setTimeout as sleep } from 'node:timers/promises';
import { exchange, protocolOf, reasonOf, saidIn, type Answer } from '../exchange.js';

/** A server that refused: asking again would not change it. */
export class TinkerRefusal extends Error {
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.name = 'TinkerRefusal';
    this.status = status;
  }
}

/** What is sent: JSON, or bytes of a content type. */
export type Body = { readonly json: unknown } | { readonly bytes: Uint8Array; readonly contentType: string };

/** Options of {@link createTransport}. */
export interface TransportOptions {
  /** What the paths below stand under, without `/api/v1`. */
  readonly url: string;
  readonly apiKey?: string | undefined;
  /** Seconds to go on trying while the server cannot be reached. @defaultValue 600 */
  readonly patience?: number | undefined;
  /** Seconds an answer may take. @defaultValue 120 */
  readonly timeout?: number | undefined;
  /** Told once when waiting for the server begins. */
  readonly onWait?: ((message: string) => void) | undefined;
}

/** Requests that are sent again until they are answered. */
export interface Transport {
  /**
   * @throws {TinkerRefusal} for an answer that another try would not change; Error when patience is at its end
   */
  send(method: 'GET' | 'POST', path: string, body?: Body): Promise<Answer>;
  /** Breaks off what is under way; everything after is refused. */
  close(): void;
  readonly signal: AbortSignal;
}

/** Statuses that a later try may change: the server is busy, away, or broke. 402 is a pause of the hosted service. */
const LATER = new Set([402, 408, 429, 500, 502, 503, 504]);
/** How often a server that breaks on a request is given it again. */
const BROKEN_TRIES = 5;
/** Seconds before the first try again; it doubles. */
const FIRST_PAUSE = 0.1;
const LONGEST_PAUSE = 30;

/** Opens the way to a server. Nothing is sent yet. */
export function createTransport(options: TransportOptions): Transport {
  const { url, apiKey, patience = 600, timeout = 120, onWait } = options;
  const controller = new AbortController();
  const { signal } = controller;
  const agent = new (protocolOf(url).Agent)({ keepAlive: true });

  const addressOf = (path: string): string => `${url.replace(/\/+$/, '')}/api/v1/${path}`;
  const sendOnce = (method: 'GET' | 'POST', path: string, body: Body | undefined): Promise<Answer> => {
    const content = contentOf(body);
    const headers = {
      accept: 'application/x-protobuf, application/json',
      ...(content && { 'content-type': content.type }),
      ...(apiKey !== undefined && { 'x-api-key': apiKey }),
    };
    return exchange(addressOf(path), { method, headers, content: content?.bytes, timeout, signal, agent });
  };

  const send: Transport['send'] = async (method, path, body) => {
    const end = performance.now() + patience * 1000;
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      const [answer, problem] = await sendOnce(method, path, body).then(
        (given) => [given, LATER.has(given.status) ? `${given.status} ${saidIn(given.body)}` : undefined] as const,
        (error: unknown) => [undefined, reasonOf(error)] as const,
      );
      signal.throwIfAborted();
      if (answer && problem === undefined) return checked(answer, addressOf(path));
      if (answer?.status === 500 && attempt >= BROKEN_TRIES) return checked(answer, addressOf(path));
      if (performance.now() >= end) throw new Error(`${addressOf(path)}: ${problem}, for ${patience} s`);
      if (attempt === 3) onWait?.(`waiting for ${url}: ${problem}`);
      const pause = Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE);
      await sleep(pause * 1000 * (0.5 + Math.random()), undefined, { signal });
    }
  };
  const close = (): void => {
    controller.abort(new Error('the connection to the server was closed'));
    agent.destroy();
  };
  return { send, close, signal };
}

function contentOf(body: Body | undefined): { readonly bytes: Uint8Array; readonly type: string } | undefined {
  if (body === undefined) return undefined;
  if ('bytes' in body) return { bytes: body.bytes, type: body.contentType };
  return { bytes: Buffer.from(JSON.stringify(body.json)), type: 'application/json' };
}

function checked(answer: Answer, address: string): Answer {
  if (answer.status < 300) return answer;
  throw new TinkerRefusal(`${address}: ${answer.status} ${saidIn(answer.body)}`, answer.status);
}
