import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A row of a JSON Lines file of a run: figures, and what is none. */
export type SentRow = Readonly<Record<string, unknown>> & { readonly step: number };

/** Where the rows of a file go. */
export interface Destination {
  /** JSON Lines file with rows of rising steps. It is the queue: what was not sent is still there. */
  readonly file: string;
  /** The last step that has arrived there. Asked on connecting, and again after a failure. */
  readonly held: () => Promise<number>;
  readonly send: (rows: readonly SentRow[]) => Promise<void>;
}

/** Options of {@link delivery}. Times are in seconds. */
export interface DeliveryOptions {
  /** Told once, when something could not be sent. */
  readonly onTrouble: (error: Error) => void;
  /** Time between sendings. @defaultValue 5 */
  readonly every?: number;
  /** Longest wait for an answer that holds up a step. @defaultValue 0.25 */
  readonly patience?: number;
  /** A clock that only rises. @defaultValue the process's */
  readonly clock?: () => number;
}

/** Sends a file's rows as they come. */
export interface Delivery {
  /** Sends what is new, if it is time for it. Never fails; what has no answer in a moment goes on by itself. */
  readonly nudge: () => Promise<void>;
  /**
   * Sends all there is.
   *
   * @param limit - seconds after which it gives up
   * @returns whether all has arrived
   */
  readonly finish: (limit: number) => Promise<boolean>;
}

/** Longest pause after failures, in seconds. */
const LONGEST_PAUSE = 60;

/** The whole lines of a file from a byte on, and where the next ones will begin. */
function rowsFrom(file: string, start: number): { rows: SentRow[]; next: number } {
  if (!existsSync(file)) return { rows: [], next: start };
  const descriptor = openSync(file, 'r');
  try {
    const data = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - start));
    const whole = data.subarray(0, readSync(descriptor, data, 0, data.length, start));
    const length = whole.lastIndexOf('\n') + 1;
    const lines = whole.subarray(0, length).toString().split('\n');
    const rows = lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as SentRow);
    return { rows, next: start + length };
  } finally {
    closeSync(descriptor);
  }
}

/** What a promise gives, or undefined when that takes longer. */
async function within<T>(promise: Promise<T>, seconds: number): Promise<T | undefined> {
  const timer = new AbortController();
  const limit = sleep(1000 * seconds, undefined, { signal: timer.signal }).catch(() => undefined);
  return Promise.race([promise, limit]).finally(() => timer.abort());
}

/**
 * Sends the rows of a file somewhere that may not answer. Nothing is held in memory and nothing is lost: rows wait in their
 * file, and after a failure the other side is asked what has arrived.
 */
export function delivery({ file, held, send }: Destination, options: DeliveryOptions): Delivery {
  const { onTrouble, every = 5, patience = 0.25, clock = () => performance.now() / 1000 } = options;
  let offset = 0;
  let arrived: number | undefined;
  let failures = 0;
  let nextAt = -Infinity;
  let underWay: Promise<boolean> | undefined;

  const sendNew = async () => {
    arrived ??= await held();
    const { rows, next } = rowsFrom(file, offset);
    const fresh = rows.filter(({ step }) => step > arrived!);
    if (fresh.length > 0) await send(fresh);
    offset = next;
  };
  const attempt = async (): Promise<boolean> => {
    try {
      await sendNew();
      failures = 0;
      nextAt = clock() + every;
      return true;
    } catch (error) {
      arrived = undefined; // what was sent last may have arrived or not
      nextAt = clock() + Math.min(LONGEST_PAUSE, 2 ** failures);
      if (failures++ === 0) onTrouble(error as Error);
      return false;
    }
  };
  const go = () => (underWay ??= attempt().finally(() => (underWay = undefined)));

  return {
    async nudge() {
      if (clock() >= nextAt) await within(go(), patience);
    },
    async finish(limit) {
      const until = clock() + limit;
      if (underWay) await within(underWay, limit);
      while (clock() < until) {
        if ((await within(go(), until - clock())) === true) return true;
        await sleep(200);
      }
      return false;
    },
  };
}
