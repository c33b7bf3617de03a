import { ModelRefusal } from './refusal.js';

/** How a job ended, or that it has not. */
export type Outcome<T> =
  | { readonly state: 'pending' }
  | { readonly state: 'done'; readonly value: T }
  | { readonly state: 'failed'; readonly error: string; readonly category: 'user' | 'server' };

/** Work on the one model, one piece at a time, whose results are fetched later by their number. */
export interface Jobs<T> {
  /** @throws a refusal when too much is waiting; `ready` must be settled before the work is begun */
  submit(work: () => T | Promise<T>, ready?: Promise<void>): string;
  /** Waits for a job at most this long. Undefined: there is no such job, or its result is no longer kept. */
  retrieve(id: string, milliseconds: number): Promise<Outcome<T> | undefined>;
  readonly waiting: () => number;
  /** Resolves when nothing is left to be done. */
  idle(): Promise<void>;
}

/** Results that are kept, so that they can be fetched again when an answer was lost. */
const KEPT = 4096;

/** Starts with nothing to do. */
export function openJobs<T>(limit: number, log: (line: string) => void): Jobs<T> {
  const jobs = new Map<string, Promise<Outcome<T>>>();
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let count = 0;

  async function run(work: () => T | Promise<T>): Promise<Outcome<T>> {
    try {
      return { state: 'done', value: await work() };
    } catch (error) {
      const { message, stack } = error as Error;
      const isUsers = error instanceof ModelRefusal;
      if (!isUsers) log(`internal error: ${stack ?? message}`);
      return { state: 'failed', error: message, category: isUsers ? 'user' : 'server' };
    }
  }

  /** One after the other, in the order in which they became ready. */
  function enqueue(work: () => T | Promise<T>): Promise<Outcome<T>> {
    const outcome = last.then(() => run(work));
    last = outcome;
    return outcome;
  }

  return {
    waiting: () => waiting,
    submit: (work, ready = Promise.resolve()) => {
      if (waiting >= limit)
        throw new ModelRefusal(429, `${waiting} requests are waiting, try again later`, { 'retry-after': '1' });
      const id = `r${++count}`;
      waiting++;
      const failed = (error: Error): Outcome<T> => ({ state: 'failed', error: error.message, category: 'user' });
      const outcome = ready.then(() => enqueue(work), failed).finally(() => waiting--);
      jobs.set(id, outcome);
      if (jobs.size > KEPT) jobs.delete(jobs.keys().next().value!);
      return id;
    },
    retrieve: async (id, milliseconds) => {
      const job = jobs.get(id);
      if (!job) return undefined;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<Outcome<T>>((resolve) => {
        timer = setTimeout(resolve, milliseconds, { state: 'pending' });
      });
      const outcome = await Promise.race([job, late]);
      clearTimeout(timer);
      return outcome;
    },
    idle: async () => {
      while (waiting > 0) await Promise.all([...jobs.values()]);
    },
  };
}
