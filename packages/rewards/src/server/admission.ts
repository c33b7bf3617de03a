import { Refusal } from './refusal.js';

/** How many requests there may be. */
export interface AdmissionLimits {
  readonly active: number;
  readonly queue: number;
}

/** Decides who is let in, and whose turn it is. */
export interface Admission {
  /** Lets a request in, before its body is read; throws a refusal when there is no room. Call what it gives when it has ended. */
  readonly enter: () => () => void;
  /** Resolves when the request may be scored, first come, first served. Call what it gives when it is. */
  readonly turn: (signal: AbortSignal) => Promise<() => void>;
  /** Turns away all who come from now on; resolves when those inside have ended. */
  readonly drain: () => Promise<void>;
  readonly isDraining: () => boolean;
}

/** An empty house. */
export function openAdmission({ active, queue }: AdmissionLimits): Admission {
  const waiting = new Set<() => void>();
  let inside = 0;
  let scoring = 0;
  let seconds = 0.1; // a request's time under way, averaged over the last few
  let emptied: (() => void) | undefined;
  let draining = false;

  /** When a place should be free: the queue's length in terms of requests done at once. */
  function retryAfter(): Record<string, string> {
    const wait = Math.ceil((seconds * inside) / active);
    return { 'retry-after': String(Math.min(Math.max(wait, 1), 60)) };
  }

  function enter(): () => void {
    if (draining)
      throw new Refusal('draining', 'the server is going down', {}, { ...retryAfter(), connection: 'close' });
    if (inside >= active + queue)
      throw new Refusal('busy', `${inside} requests are under way, try again later`, {}, retryAfter());
    inside += 1;
    return once(() => {
      inside -= 1;
      if (inside === 0) emptied?.();
    });
  }

  function begin(): () => void {
    scoring += 1;
    const start = performance.now();
    return once(() => {
      scoring -= 1;
      seconds += 0.1 * ((performance.now() - start) / 1000 - seconds);
      const [next] = waiting;
      next?.();
    });
  }

  function turn(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      if (scoring < active) {
        resolve(begin());
        return;
      }
      const settle = (then: () => void) => () => {
        waiting.delete(called);
        signal.removeEventListener('abort', aborted);
        then();
      };
      const called = settle(() => resolve(begin()));
      const aborted = settle(() => reject(signal.reason as Error));
      waiting.add(called);
      signal.addEventListener('abort', aborted);
    });
  }

  async function drain(): Promise<void> {
    draining = true;
    if (inside > 0) await new Promise<void>((resolve) => (emptied = resolve));
  }

  return { enter, turn, drain, isDraining: () => draining };
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
