import { pathToFileURL } from 'node:url';
import type { Reward } from '../reward.js';
import { startThread, type Thread } from './thread.js';

/** Options of {@link workerReward}. */
export interface WorkerRewardOptions {
  /** Names the reward in tables, weights and messages. */
  readonly name: string;
  /** Lowest and highest value. */
  readonly range: readonly [number, number];
  /**
   * Version of the reward, for a cache on disk.
   * @defaultValue none
   */
  readonly version?: string;
  /** The module with the reward: a URL, a path, or a package name. */
  readonly module: string | URL;
  /**
   * Which export it is: a `Reward`, or a function from a sample to a number or `null`.
   * @defaultValue 'default'
   */
  readonly export?: string;
  /** Milliseconds after which a call is ended, and its thread with it. */
  readonly timeout: number;
  /**
   * Threads, and so calls at once.
   * @defaultValue 1
   */
  readonly threads?: number;
}

/** A reward whose threads can be ended. */
export interface WorkerReward extends Reward {
  /** Ends all threads; calls under way reject. */
  close(): Promise<void>;
}

/**
 * A reward that runs in worker threads, so that one which blocks, for instance in a loop without end, can be stopped: after
 * `timeout` the call rejects, the thread is ended, and the next call gets a new one. The time counts from when a thread takes
 * the call up. Samples are copied to the thread, so they may hold data only.
 *
 * Rejects with what the reward throws, when it gives no answer in time, and when it ends its thread. Node only.
 *
 * @example
 * ```ts
 * const reward = workerReward({ name: 'mine', range: [0, 1], module: './my-reward.js', timeout: 1000 });
 * await runRewards(samples, [reward], { onError: 'null' });
 * await reward.close();
 * ```
 */
export function workerReward(options: WorkerRewardOptions): WorkerReward {
  const { name, range, version, export: exported = 'default', timeout, threads = 1 } = options;
  if (!(timeout > 0)) throw new RangeError(`workerReward: timeout must be above 0, got ${timeout}`);
  if (!(Number.isInteger(threads) && threads >= 1))
    throw new RangeError(`workerReward: threads must be at least 1, got ${threads}`);
  const module = specifierOf(options.module);
  const idle: Thread[] = [];
  const busy = new Set<Thread>();
  const waiting: ((thread: Thread) => void)[] = [];

  function takeThread(): Promise<Thread> | Thread {
    while (idle.at(-1)?.isAlive() === false) idle.pop(); // ended while idle, by an error that came late
    const thread = idle.pop() ?? (busy.size < threads ? startThread(module, exported) : undefined);
    if (thread === undefined) return new Promise((resolve) => waiting.push(resolve));
    busy.add(thread);
    return thread;
  }

  function giveBack(thread: Thread): void {
    busy.delete(thread);
    if (thread.isAlive()) idle.push(thread);
    const next = waiting.shift();
    if (next !== undefined) void Promise.resolve(takeThread()).then(next);
  }

  return {
    name,
    range,
    ...(version !== undefined && { version }),
    async score(sample) {
      const thread = await takeThread();
      try {
        return (await thread.ask(sample, timeout)) as number | null;
      } finally {
        giveBack(thread);
      }
    },
    async close() {
      await Promise.all([...idle.splice(0), ...busy].map((thread) => thread.close()));
    },
  };
}

/** A path becomes a URL, as a thread has no folder of its own to start from. */
function specifierOf(module: string | URL): string {
  if (module instanceof URL) return module.href;
  return /^\.{0,2}[/\\]|^[a-z]:[/\\]/i.test(module) ? pathToFileURL(module).href : module;
}
