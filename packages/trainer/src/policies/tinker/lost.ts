import { PolicyLost } from '../policy-lost.js';
import { TinkerRefusal } from './transport.js';

/** SkyRL says 400 of a model that a server before it had: `Model model_1 not loaded`. */
const UNKNOWN = /\bmodel\b.*\b(not loaded|not found|unknown)\b/i;

/** Whether a server knows a model, or a request that it had taken, no longer: it was started again, or found the session silent. */
const isLost = (reason: string, status: number | undefined): boolean =>
  status === 404 || status === 410 || UNKNOWN.test(reason);

/** Why the result of a request cannot be had. */
export function failureOf(what: string, reason: string, status?: number): Error {
  const message = `${what}: ${reason}`;
  return isLost(reason, status) ? new PolicyLost(message) : new Error(message);
}

/**
 * Passes on the error of a request to what was there before.
 *
 * @throws {PolicyLost} when the server says that it is not there any more
 */
export function rethrow(error: unknown): never {
  if (error instanceof TinkerRefusal && isLost(error.message, error.status)) throw new PolicyLost(error.message);
  throw error;
}
