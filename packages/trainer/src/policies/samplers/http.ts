import type { z } from 'zod';
import { exchange, LateAnswer, reasonOf, saidIn, type Answer } from '../exchange.js';

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
 * Sends JSON with POST, or nothing with GET.
 *
 * @returns the text of a successful answer
 * @throws {ServerTrouble} or {@link ServerRefusal}, naming address and reason
 */
export async function ask(url: string, body: unknown, { timeout, signal, apiKey }: AskOptions): Promise<string> {
  signal?.throwIfAborted();
  const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const answer = await exchange(url, {
    method: content === undefined ? 'GET' : 'POST',
    headers: {
      ...(content !== undefined && { 'content-type': 'application/json' }),
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    },
    content,
    timeout,
    signal,
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new ServerTrouble(`${url}: ${reasonOf(error)}`, error instanceof LateAnswer, { cause: error });
  });
  return textOf(url, answer);
}

/** Statuses that ask to come back: too busy, or a gateway without a server behind it. */
const BUSY = [408, 429];
const AWAY = [502, 503, 504];

function textOf(url: string, { status, body }: Answer): string {
  if (status >= 200 && status < 300) return body.toString('utf8');
  const message = `${url}: ${status} ${saidIn(body)}`;
  if (AWAY.includes(status)) throw new ServerTrouble(message, false);
  if (status >= 500 || BUSY.includes(status)) throw new ServerTrouble(message, true);
  throw new ServerRefusal(message, status);
}

/**
 * Reads an answer that should be JSON of a form.
 *
 * @param where - the beginning of an error: address and request
 * @param expected - what the form is, in words
 * @throws {ServerTrouble} when it is torn, or of another form
 */
export function parseAnswer<T>(text: string, schema: z.ZodType<T>, where: string, expected: string): T {
  const bad = (problem: string) => new ServerTrouble(`${where}: not ${expected} (${problem})`, true);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad((error as SyntaxError).message);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw bad(`${issue!.path.join('.')}: ${issue!.message}`);
}
