import { isPromise, sleep } from './promises.js';

/** Limits of a pool. */
export interface PoolLimits {
  readonly concurrency: number;
  readonly perSecond: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Runs `work` on every item: at most `concurrency` at once, at most `perSecond` begun in a second. Rejects as soon as one
 * rejects or the signal aborts; what is under way then is not waited for, and nothing more is begun.
 */
export async function runPool<T>(items: readonly T[], limits: PoolLimits, work: (item: T) => unknown): Promise<void> {
  const { concurrency, signal } = limits;
  signal.throwIfAborted();
  const wait = pacer(limits.perSecond);
  const state = { next: 0, stopped: false };
  const goesOn = (): boolean => !state.stopped && !signal.aborted;
  async function lane(): Promise<void> {
    while (state.next < items.length && goesOn()) {
      const item = items[state.next]!;
      state.next += 1;
      const pause = wait();
      if (pause > 0) await sleep(pause);
      if (!goesOn()) return;
      const result = work(item);
      if (isPromise(result)) await result;
    }
  }
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', abort);
  try {
    await Promise.race([Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, lane)), aborted]);
  } finally {
    state.stopped = true;
    signal.removeEventListener('abort', abort);
  }
}

/** How many milliseconds to wait before the next start, so that starts are evenly spaced. */
function pacer(perSecond: number | undefined): () => number {
  if (perSecond === undefined) return () => 0;
  let slot = performance.now();
  return () => {
    const now = performance.now();
    const start = Math.max(slot, now);
    slot = start + 1000 / perSecond;
    return start - now;
  };
}
