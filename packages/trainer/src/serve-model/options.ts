import { filledIn, isLoopback } from '@q-insight/rewards/server';

/** Options of {@link serveModel}. */
export interface ServeModelOptions {
  /** Address to listen on. One that other machines can reach needs a `key`. @defaultValue '127.0.0.1' */
  readonly host?: string;
  /** Port; 0 takes one that is free. @defaultValue 8000 */
  readonly port?: number;
  /** What a caller has to show, as `X-API-Key` or as a bearer token. @defaultValue none: every caller is answered */
  readonly key?: string;
  /** What callers know the model by. @defaultValue the name of its folder */
  readonly name?: string;
  /** Folder that saved adapters go to. @defaultValue 'served-checkpoints' */
  readonly checkpoints?: string;
  /** Models that may be trained at a time. @defaultValue 16 */
  readonly models?: number;
  /** Largest rank of an adapter. @defaultValue 256 */
  readonly rank?: number;
  /** Longest sequence, prompt and completion together, in tokens. @defaultValue 8192 */
  readonly context?: number;
  /** Samples that may be asked for at a time. @defaultValue 64 */
  readonly samples?: number;
  /** Requests that may wait; a further one is answered 429. @defaultValue 1024 */
  readonly queue?: number;
  /** Largest body, in bytes. @defaultValue 64 MiB */
  readonly bodyLimit?: number;
  /** Seconds after which a session that is silent loses its models. @defaultValue 300 */
  readonly sessionTimeout?: number;
  /** Milliseconds that requests under way get to finish when the server goes down. @defaultValue 30 000 */
  readonly drainTimeout?: number;
  /** Told of errors that are the server's own. @defaultValue writes to stderr */
  readonly log?: (line: string) => void;
}

/** The options with every default filled in. */
export type ModelLimits = Required<Omit<ServeModelOptions, 'key' | 'name'>> & Pick<ServeModelOptions, 'key'>;

/** Fills in the defaults. Throws when an option makes no sense. */
export function modelLimits(options: ServeModelOptions): ModelLimits {
  const defaults: ModelLimits = {
    host: '127.0.0.1',
    port: 8000,
    checkpoints: 'served-checkpoints',
    models: 16,
    rank: 256,
    context: 8192,
    samples: 64,
    queue: 1024,
    bodyLimit: 64 * 2 ** 20,
    sessionTimeout: 300,
    drainTimeout: 30_000,
    log: (line) => console.error(line),
  };
  const least = { port: 0, models: 1, rank: 1, context: 2, samples: 1, queue: 1, bodyLimit: 1, sessionTimeout: 1, drainTimeout: 0 } as const; // prettier-ignore
  const limits = filledIn('serveModel', defaults, options, least);
  if (limits.key === '') throw new Error('serveModel: key must not be empty');
  if (limits.key === undefined && !isLoopback(limits.host))
    throw new Error(`serveModel: ${limits.host} can be reached from other machines, so a key is needed`);
  return limits;
}
