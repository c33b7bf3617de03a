import { once } from 'node:events';
import http, { type Agent, type IncomingMessage } from 'node:http';
import https from 'node:https';

/** An answer over HTTP, whole. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Options of {@link exchange}. */
export interface ExchangeOptions {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: Uint8Array | undefined;
  /** Seconds from sending to the last byte. */
  readonly timeout: number;
  /** Breaks the request off. */
  readonly signal?: AbortSignal | undefined;
  readonly agent?: Agent;
}

/** The time was up before the last byte. */
export class LateAnswer extends Error {}

/** HTTP or HTTPS, as an address says. */
export const protocolOf = (url: string) => (url.startsWith('https:') ? https : http);

/**
 * Sends one request and reads the whole answer, whatever its status. Node's fetch gives up after five minutes without a header; a
 * long answer takes longer.
 *
 * @throws {LateAnswer} when the time is up; Error when there is no answer, or half of one
 */
export async function exchange(url: string, options: ExchangeOptions): Promise<Answer> {
  const { method, headers, content, timeout, signal, agent } = options;
  const request = protocolOf(url).request(url, {
    method,
    agent,
    signal,
    headers: { ...headers, ...(content && { 'content-length': content.length }) },
  });
  let isLate = false as boolean; // set by the timer
  const timer = setTimeout(() => {
    isLate = true;
    request.destroy();
  }, timeout * 1000);
  try {
    request.on('error', () => undefined); // after the response has begun, its own error is the one that counts
    const response = once(request, 'response') as Promise<[IncomingMessage]>;
    request.end(content);
    const [message] = await response;
    const parts: Buffer[] = [];
    for await (const part of message) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const announced = message.headers['content-length'];
    if (announced !== undefined && Number(announced) !== body.length) throw new Error('the answer was cut off');
    return { status: message.statusCode ?? 0, contentType: message.headers['content-type'] ?? '', body };
  } catch (error) {
    if (isLate) throw new LateAnswer(`no whole answer within ${timeout} s`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Why there was no answer, in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  // with several addresses behind a name, Node collects the reasons and leaves the message empty
  return message || (code ?? 'could not be reached');
}

/** What an error's body says, as OpenAI's, FastAPI's, or plain text. */
export function saidIn(body: Buffer): string {
  const text = body.toString('utf8');
  try {
    const { detail, error_message: message, error } = JSON.parse(text) as Record<string, unknown>;
    const said = detail ?? message ?? (error as { message?: unknown } | null)?.message ?? error ?? text;
    return typeof said === 'string' ? said : JSON.stringify(said);
  } catch {
    return text.slice(0, 300);
  }
}
