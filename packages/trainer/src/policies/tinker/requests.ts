import { z } from 'zod';
import { readJson, resultOf, type Result, type Submitted } from './futures.js';
import type { Body, Transport } from './transport.js';

const submitted = z.looseObject({ request_id: z.string() });

/** Sends a request whose result is fetched later. */
export async function submit(transport: Transport, path: string, body: Body): Promise<Submitted> {
  const reply = parsed(submitted, path, readJson(await transport.send('POST', path, body), path));
  return { requestId: reply.request_id, reply };
}

/** Sends a request and waits for its result. */
export async function request(transport: Transport, path: string, what: string, json: object): Promise<Result> {
  const again = () => submit(transport, path, { json });
  return resultOf(transport, what, await again(), again);
}

/** Sends a request by the number it is given. */
export type Numbered = (number: number) => { readonly path: string; readonly body: Body };

/**
 * Numbers the requests of a model from 1. One is sent when the one before has been taken, so that a number is never lost: a
 * refused request leaves it to the next, as a hole would hold up a server for ever.
 */
export function createSubmissions(transport: Transport): (what: string, numbered: Numbered) => Promise<Result> {
  let next = 1;
  let last: Promise<unknown> = Promise.resolve();
  return async (what, numbered) => {
    const sent = last.then(async () => {
      const { path, body } = numbered(next);
      const again = () => submit(transport, path, body);
      const first = await again();
      next++;
      return { first, again };
    });
    last = sent.catch(() => undefined);
    const { first, again } = await sent;
    return resultOf(transport, what, first, again);
  };
}

/** The result in JSON, of a request that has no other form. */
export function jsonOf(result: Result): unknown {
  if ('json' in result) return result.json;
  throw new Error('expected JSON, got a binary message');
}

/** @throws Error naming the request and the field, when an answer is not as it must be */
export function parsed<S extends z.ZodType>(schema: S, what: string, value: unknown): z.output<S> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  throw new Error(`${what}: the server's answer is not as it must be: ${path.join('.') || 'the body'}: ${message}`);
}
