import { ServerRefusal, ServerTrouble } from './http.js';

/** Options of {@link createServerPool}. */
export interface ServerPoolOptions {
  /** Addresses of servers that do the same. */
  readonly urls: readonly string[];
  /** Jobs a server does at a time. */
  readonly concurrency: number;
  /** Seconds without any server after which jobs fail. */
  readonly outage: number;
  /** How often a job is tried on servers that answer. @defaultValue 5 */
  readonly attempts?: number;
  /** Seconds a server rests after its first trouble in a row; doubled each time, up to 15. @defaultValue 0.5 */
  readonly rest?: number;
  /** Told when jobs begin to wait because no server answers, and why. */
  readonly onOutage?: ((reason: string) => void) | undefined;
  /** Told when a server that was well is in trouble while others are well, and why. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
}

/** Servers that share the work. */
export interface ServerPool {
  /**
   * Does a job on the server that has least to do. A server in trouble rests, and then gets one job at a time until it answers; the job
   * goes to another, and waits for one that is well rather than come back.
   *
   * @throws what the job throws, unless it is trouble; trouble when it outlasts attempts or outage
   */
  readonly run: <T>(job: (url: string) => Promise<T>, signal?: AbortSignal) => Promise<T>;
}

interface Server {
  readonly url: string;
  jobs: number;
  /** Troubles in a row. */
  troubles: number;
  /** Time before which it gets no job, in milliseconds. */
  restsUntil: number;
}

const LONGEST_REST = 15;

/** Spreads jobs over servers. */
export function createServerPool(options: ServerPoolOptions): ServerPool {
  const { urls, concurrency, outage, attempts = 5, rest = 0.5, onOutage, onTrouble } = options;
  const servers = urls.map((url): Server => ({ url, jobs: 0, troubles: 0, restsUntil: 0 }));
  let waiting: (() => void)[] = [];
  /** When the servers fell silent; undefined while one answers. */
  let silentSince: number | undefined;

  const isWell = ({ troubles }: Server) => troubles === 0;
  const limitOf = (server: Server) => (isWell(server) ? concurrency : 1);

  const wakeAll = () => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };

  /** Waits until a job has ended, or for so many milliseconds. */
  const pause = (milliseconds: number, signal: AbortSignal | undefined) =>
    new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(milliseconds, 2 ** 30));
      signal?.addEventListener('abort', done, { once: true });
      waiting.push(done);
    });

  /** @param failed - servers on which the job has failed */
  const take = async (failed: ReadonlySet<Server>, signal: AbortSignal | undefined): Promise<Server> => {
    for (;;) {
      signal?.throwIfAborted();
      const now = performance.now();
      const others = servers.filter((server) => !failed.has(server));
      const able = others.some(isWell) ? others : servers;
      const free = able.filter((server) => server.jobs < limitOf(server) && server.restsUntil <= now);
      const [best] = free.sort((a, b) => a.jobs - b.jobs);
      if (best !== undefined) {
        best.jobs++;
        return best;
      }
      const resting = servers.filter(({ restsUntil }) => restsUntil > now);
      await pause(Math.min(...resting.map(({ restsUntil }) => restsUntil - now)), signal);
    }
  };

  const noteTrouble = (server: Server, { answered, message }: ServerTrouble) => {
    const now = performance.now();
    if (isWell(server) && servers.some((other) => other !== server && isWell(other))) onTrouble?.(message);
    // what was under way when it failed fails with it: one trouble
    if (now >= server.restsUntil)
      server.restsUntil = now + 1000 * Math.min(LONGEST_REST, rest * 2 ** server.troubles++);
    if (answered) silentSince = undefined;
    else if (!servers.some(isWell)) {
      if (silentSince === undefined) onOutage?.(message);
      silentSince ??= now;
      if (now - silentSince <= outage * 1000) return;
      throw new Error(`no server has answered for ${Math.round((now - silentSince) / 1000)} s; the last: ${message}`);
    }
  };

  const noteAnswer = (server: Server) => {
    server.troubles = 0;
    silentSince = undefined;
  };

  const run = async <T>(job: (url: string) => Promise<T>, signal?: AbortSignal): Promise<T> => {
    const failed = new Set<Server>();
    for (let answers = 0; ;) {
      const server = await take(failed, signal);
      try {
        const result = await job(server.url);
        noteAnswer(server);
        return result;
      } catch (error) {
        if (error instanceof ServerRefusal) noteAnswer(server);
        if (!(error instanceof ServerTrouble)) throw error;
        failed.add(server);
        noteTrouble(server, error);
        if (error.answered && ++answers >= attempts) throw error;
      } finally {
        server.jobs--;
        wakeAll();
      }
    }
  };
  return { run };
}
