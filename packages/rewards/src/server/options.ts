import { filledIn } from './filled-in.js';
import { isLoopback } from './listening.js';

/** Options of {@link serveRewards}. */
export interface ServeOptions {
  /**
   * Address to listen on. One that other machines can reach needs a `token`.
   * @defaultValue '127.0.0.1'
   */
  readonly host?: string;
  /**
   * Port; 0 takes one that is free.
   * @defaultValue 8000
   */
  readonly port?: number;
  /**
   * What a caller has to show: `Authorization: Bearer <token>`, or as the password of a URL, `http://any:<token>@host`, for
   * trainers that can be given a URL only. `/health` is open to all.
   * @defaultValue none: every caller is answered
   */
  readonly token?: string;
  /**
   * Folder that images may be read from, links followed.
   * @defaultValue none: images come as data URLs only
   */
  readonly imageRoot?: string;
  /**
   * Largest image that is read from a file, in bytes.
   * @defaultValue 16 MiB
   */
  readonly imageLimit?: number;
  /**
   * Largest body, in bytes.
   * @defaultValue 32 MiB
   */
  readonly bodyLimit?: number;
  /**
   * Most samples in a request.
   * @defaultValue 4096
   */
  readonly sampleLimit?: number;
  /**
   * Requests that are scored at once, in each process.
   * @defaultValue 32
   */
  readonly active?: number;
  /**
   * Requests that wait beside them, in each process; a further one is answered 429.
   * @defaultValue 256
   */
  readonly queue?: number;
  /**
   * Milliseconds in which a request must have arrived.
   * @defaultValue 60 000
   */
  readonly requestTimeout?: number;
  /**
   * Milliseconds that requests under way get to finish when the server goes down.
   * @defaultValue 30 000
   */
  readonly drainTimeout?: number;
  /**
   * Processes that share the port. Above 1 the program is run again in each, up to this call, as `node:cluster` does.
   * @defaultValue 1
   */
  readonly processes?: number;
  /**
   * Told of every reward that failed, at most once a second for each reward.
   * @defaultValue writes to stderr
   */
  readonly log?: (line: string) => void;
}

/** The options with every default filled in. */
export type Limits = Required<Omit<ServeOptions, 'token' | 'imageRoot'>> & Pick<ServeOptions, 'token' | 'imageRoot'>;

/** Fills in the defaults. Throws when an option makes no sense. */
export function limitsOf(options: ServeOptions): Limits {
  const defaults: Limits = {
    host: '127.0.0.1',
    port: 8000,
    imageLimit: 16 * 2 ** 20,
    bodyLimit: 32 * 2 ** 20,
    sampleLimit: 4096,
    active: 32,
    queue: 256,
    requestTimeout: 60_000,
    drainTimeout: 30_000,
    processes: 1,
    log: (line) => console.error(line),
  };
  const least = { port: 0, imageLimit: 1, bodyLimit: 1, sampleLimit: 1, active: 1, queue: 0, requestTimeout: 1, drainTimeout: 0, processes: 1 } as const; // prettier-ignore
  const limits = filledIn('serveRewards', defaults, options, least);
  if (limits.port > 65_535) throw new RangeError(`serveRewards: port must be at most 65535, got ${limits.port}`);
  if (limits.token === '') throw new Error('serveRewards: token must not be empty');
  if (limits.token === undefined && !isLoopback(limits.host))
    throw new Error(`serveRewards: ${limits.host} can be reached from other machines, so a token is needed`);
  return limits;
}
