import type { RewardContext } from '../reward.js';
import { isPromise, sleep } from './promises.js';

/** How a call ended. */
export type Outcome<T> = Done<T> | Failed;

interface Done<T> {
  readonly ok: true;
  readonly value: T;
}

interface Failed {
  readonly ok: false;
  readonly kind: 'error' | 'timeout';
  readonly cause: unknown;
}

/** Limits of a call. */
export interface CallLimits {
  readonly timeout: number | undefined;
  readonly retries: number;
  readonly backoff: number;
  readonly signal: AbortSignal;
}

type Work<T> = (context: RewardContext) => T | Promise<T>;

/**
 * Calls `work`, again after a failure as often as the limits say. Stays synchronous when `work` is and succeeds, which keeps
 * plain reward functions fast.
 */
export function attempt<T>(work: Work<T>, limits: CallLimits, onRetry: () => void): Outcome<T> | Promise<Outcome<T>> {
  const first = tryOnce(work, limits);
  if (limits.retries === 0 || (!isPromise(first) && first.ok)) return first;
  return insist(first, work, limits, onRetry);
}

async function insist<T>(
  first: Outcome<T> | Promise<Outcome<T>>,
  work: Work<T>,
  limits: CallLimits,
  onRetry: () => void,
): Promise<Outcome<T>> {
  let outcome = await first;
  for (let tries = 0; tries < limits.retries && !outcome.ok; tries += 1) {
    await sleep(limits.backoff * 2 ** tries);
    limits.signal.throwIfAborted();
    onRetry();
    outcome = await tryOnce(work, limits);
  }
  return outcome;
}

function tryOnce<T>(work: Work<T>, limits: CallLimits): Outcome<T> | Promise<Outcome<T>> {
  const expiry = limits.timeout === undefined ? undefined : new AbortController();
  const context = { signal: expiry === undefined ? limits.signal : AbortSignal.any([limits.signal, expiry.signal]) };
  try {
    const value = work(context);
    return isPromise(value) ? settle(value, limits.timeout, expiry) : { ok: true, value };
  } catch (cause) {
    return failed(cause);
  }
}

/** What a reward rejects with when a limit of its own is up (a worker's, `AbortSignal.timeout`) is a timeout, too. */
export function failed(cause: unknown): Failed {
  const isTimeout = (cause as { name?: unknown } | null | undefined)?.name === 'TimeoutError';
  return { ok: false, kind: isTimeout ? 'timeout' : 'error', cause };
}

/** Waits for the value, or for the timeout, whichever comes first, whether or not the work heeds its signal. */
export async function settle<T>(value: Promise<T>, timeout?: number, expiry?: AbortController): Promise<Outcome<T>> {
  const settled = value.then((result): Outcome<T> => ({ ok: true, value: result }), failed);
  if (timeout === undefined) return settled;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<Outcome<T>>((resolve) => {
    timer = setTimeout(() => {
      const cause = new Error(`no answer within ${timeout} ms`);
      resolve({ ok: false, kind: 'timeout', cause });
      expiry?.abort(cause);
    }, timeout);
  });
  try {
    return await Promise.race([settled, expired]);
  } finally {
    clearTimeout(timer);
  }
}
