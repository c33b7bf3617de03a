import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../exchange.js';
import { failureOf } from './lost.js';
import { PROTOBUF } from './protocol/protobuf.js';
import { TinkerRefusal, type Transport } from './transport.js';

/** A result: bytes of a message, or JSON. */
export type Result = { readonly bytes: Uint8Array } | { readonly json: unknown };

/** A request that the server has taken; its result is fetched later. */
export interface Submitted {
  readonly requestId: string;
  /** The answer to the submission. */
  readonly reply: Readonly<Record<string, unknown>>;
}

/** Seconds between questions for a result that come back at once. */
const PAUSE = 0.01;
/** How often a request is sent again whose promise the server lost. */
const RESUBMISSIONS = 3;

/**
 * Waits for a result, with every answer the protocol has: done, still pending, to be asked for anew, failed, and lost, in which
 * case the request is sent again.
 *
 * @param what - what was asked for, for errors
 * @param submit - sends the request; called again with the very same content when the server lost it
 * @throws {PolicyLost} when the server knows the model or the request no longer; Error when the request failed
 */
export async function resultOf(
  transport: Transport,
  what: string,
  first: Submitted,
  submit: () => Promise<Submitted>,
): Promise<Result> {
  let { requestId } = first;
  let metadata = true;
  for (let lost = 0; ;) {
    const asked = { request_id: requestId, allow_metadata_only: metadata };
    const answer = await transport.send('POST', 'retrieve_future', { json: asked }).catch((error: unknown) => {
      const status = error instanceof TinkerRefusal ? error.status : undefined;
      if (status === 410) return undefined;
      throw failureOf(what, (error as Error).message, status);
    });
    if (answer === undefined) {
      if (++lost > RESUBMISSIONS) throw new Error(`${what}: the server lost the request ${lost} times`);
      ({ requestId } = await submit());
      continue;
    }
    if (answer.contentType.includes(PROTOBUF)) return { bytes: answer.body };
    const json = readJson(answer, what) as Record<string, unknown> | null;
    if (json?.['type'] === 'try_again') {
      await sleep(PAUSE * 1000, undefined, { signal: transport.signal });
      continue;
    }
    if (json?.['status'] === 'complete_metadata') {
      metadata = false; // a large result, which has to be asked for by name
      continue;
    }
    if (typeof json?.['error'] === 'string') throw failureOf(what, `${json['error']} (${String(json['category'])})`);
    return { json };
  }
}

/** @throws Error when an answer is no JSON */
export function readJson({ body, contentType }: Answer, what: string): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new Error(`${what}: expected JSON, got ${contentType || 'no content type'}`);
  }
}
