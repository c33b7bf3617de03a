import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

const digests = new WeakMap<FastifyRequest, string>();

/** Remembers what tells a request's body from another. */
export function noteBody(request: FastifyRequest, body: Buffer): void {
  digests.set(request, createHash('sha256').update(request.url).update(body).digest('base64'));
}

/** The same for the same body at the same address. */
export const digestOf = (request: FastifyRequest): string => digests.get(request) ?? '';
