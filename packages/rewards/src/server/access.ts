import { createHash, timingSafeEqual } from 'node:crypto';
import { Refusal } from './refusal.js';

/** Throws a refusal unless the `Authorization` header shows the token: as bearer, or as a password as URLs carry it. */
export function checkToken(header: string | undefined, token: string): void {
  if (header !== undefined && isSameSecret(shownIn(header), token)) return;
  const problem = header === undefined ? 'a token is needed: Authorization: Bearer <token>' : 'the token is wrong';
  throw new Refusal('unauthorized', problem, {}, { 'www-authenticate': 'Bearer' });
}

function shownIn(header: string): string {
  const [, scheme = '', rest = ''] = /^(\S+) +(.*)$/.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return rest;
  if (scheme.toLowerCase() !== 'basic') return '';
  const pair = Buffer.from(rest, 'base64').toString();
  return pair.slice(pair.indexOf(':') + 1);
}

/**
 * Compares two secrets in a time that does not depend on where they differ.
 *
 * @example
 * ```ts
 * isSameSecret('guess', 'secret'); // false
 * ```
 */
export function isSameSecret(shown: string, token: string): boolean {
  const [a, b] = [shown, token].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(a!, b!);
}
