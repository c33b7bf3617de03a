import { ModelRefusal } from './refusal.js';

/** Requests of one model, by the numbers their sender gave them. */
export interface Sequence {
  /**
   * Takes a request once: the same number with the same body gives the same answer again.
   *
   * @param submit - called once, with a promise that settles when all before it have been taken
   * @throws a refusal when another request came under this number
   */
  take(number: number, digest: string, submit: (ready: Promise<void>) => string): string;
  /** A request that was refused: those after it need not wait for it, and its number can be used again. */
  skip(number: number): void;
}

/** How long a request waits for those before it. */
const PATIENCE = 60_000;

/** Starts at number 1, or 0. */
export function openSequence(patience = PATIENCE): Sequence {
  const taken = new Map<number, { readonly digest: string; readonly id: string }>();
  const skipped = new Set<number>();
  const held = new Map<number, () => void>();
  let next = 1;

  function advance(): void {
    for (; taken.has(next) || skipped.has(next); next++) held.get(next)?.();
  }

  /** Settles when the numbers before are there. */
  function turn(number: number): Promise<void> {
    if (number <= next) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const give = (): void =>
        reject(
          new Error(`request ${next} did not come within ${patience / 1000} s, so that ${number} could not follow it`),
        );
      const timer = setTimeout(give, patience);
      timer.unref();
      held.set(number, () => {
        clearTimeout(timer);
        held.delete(number);
        resolve();
      });
    });
  }

  return {
    take: (number, digest, submit) => {
      const known = taken.get(number);
      if (known?.digest === digest) return known.id;
      if (known) throw new ModelRefusal(409, 'Training request sequence number was reused');
      const id = submit(turn(number));
      skipped.delete(number);
      taken.set(number, { digest, id });
      advance();
      return id;
    },
    skip: (number) => {
      if (taken.has(number)) return;
      skipped.add(number);
      advance();
    },
  };
}
