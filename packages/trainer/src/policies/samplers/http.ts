import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';

/** A server that said no: asking again would not change it. */
export class ServerRefusal extends Error {
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** A server that could not be reached, broke off, took too long, or answered nonsense: another try may go well. */
export class ServerTrouble extends Error {
  /** Whether there was a server at all; one that is merely down is waited for longer. */
  readonly answered: boolean;
  constructor(message: string, answered: boolean, options?: ErrorOptions) {
    super(message, options);
    this.answered = answered;
  }
}

/** Options of {@link ask}. */
export interface AskOptions {
  /** Seconds from sending to the last byte. */
  readonly timeout: number;
  /** Breaks the request off; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Sent as a bearer token. */
  readonly apiKey?: string | undefined;
}

/**
 * Sends JSON with POST, or nothing with GET. Node's fetch gives up after five minutes without a header; a long answer takes
 * longer.
 *
 * @returns the text of a successful answer
 * @throws {ServerTrouble} or {@link ServerRefusal}, naming address and reason
 */
export async function ask(url: string, body: unknown, { timeout, signal, apiKey }: AskOptions): Promise<string> {
  signal?.throwIfAborted();
  const text = body === undefined ? undefined : JSON.stringify(body);
  const request = (url.startsWith('https:') ? https : http).request(url, {
    method: text === undefined ? 'GET' : 'POST',
    headers: {
      ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    },
  });
  let isLate = false as boolean; // set by the timer
  const timer = setTimeout(() => {
    isLate = true;
    request.destroy(new Error('late'));
  }, timeout * 1000);
  const onAbort = () => request.destroy(new Error('aborted'));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    request.on('error', () => undefined); // after the response has begun, its own error is the one that counts
    const response = once(request, 'response') as Promise<[IncomingMessage]>;
    request.end(text);
    const [message] = await response;
    return checkStatus(url, message.statusCode ?? 0, await read(message));
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ServerRefusal || error instanceof ServerTrouble) throw error;
    if (isLate) throw new ServerTrouble(`${url}: no whole answer within ${timeout} s`, true);
    throw new ServerTrouble(`${url}: ${reasonOf(error)}`, false, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

async function read(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** Statuses that ask to come back: too busy, or a gateway without a server behind it. */
const BUSY = [408, 429];
const AWAY = [502, 503, 504];

function checkStatus(url: string, status: number, text: string): string {
  if (status >= 200 && status < 300) return text;
  const message = `${url}: ${status} ${saidIn(text)}`;
  if (AWAY.includes(status)) throw new ServerTrouble(message, false);
  if (status >= 500 || BUSY.includes(status)) throw new ServerTrouble(message, true);
  throw new ServerRefusal(message, status);
}

/** The message in an error's body, as OpenAI's, FastAPI's or plain text. */
function saidIn(text: string): string {
  try {
    const { error, detail } = JSON.parse(text) as { error?: { message?: string }; detail?: unknown };
    return error?.message ?? JSON.stringify(detail ?? text);
  } catch {
    return text.slice(0, 300);
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  // with several addresses behind a name, Node collects the reasons and leaves the message empty
  return message || (code ?? 'could not be reached');
}
