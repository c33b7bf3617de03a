import cluster, { type Worker } from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { messageOf } from '../runner/message-of.js';
import type { App } from './app.js';
import { mergedCells, type Cells } from './metrics.js';

/** What the processes of a server say to each other. */
type Note =
  | { readonly about: 'q-insight:listening'; readonly port: number }
  | { readonly about: 'q-insight:failed'; readonly message: string }
  | { readonly about: 'q-insight:all-cells'; readonly id: string }
  | { readonly about: 'q-insight:cells'; readonly id: string }
  | { readonly about: 'q-insight:here-are'; readonly id: string; readonly cells: readonly Cells[] }
  | { readonly about: 'q-insight:close' };

/** How long a process may take to tell its counts before those that it told last are taken. */
const PATIENCE = 1000;

/** The process that holds the others together. */
export interface Primary {
  readonly port: number;
  /** Resolves when every process has drained and ended. */
  readonly close: () => Promise<void>;
}

/**
 * Runs this program again in `count` processes, and starts one anew when it dies. Rejects, and ends the others, when one fails or
 * ends before it listens: the next would too.
 */
export async function startProcesses(count: number, log: (line: string) => void): Promise<Primary> {
  let closing = false;
  const workers = new Set<Worker>();
  const listening = Array.from({ length: count }, fork);
  try {
    const [port] = await Promise.all(listening);
    return { port: port!, close };
  } catch (error) {
    closing = true;
    for (const worker of workers) worker.process.kill('SIGKILL');
    throw error;
  }

  function fork(): Promise<number> {
    const worker = cluster.fork();
    workers.add(worker);
    return new Promise((resolve, reject) => {
      let isUp = false;
      worker.on('message', (note: Note) => {
        if (note.about === 'q-insight:listening') {
          isUp = true;
          resolve(note.port);
        }
        if (note.about === 'q-insight:failed') {
          reject(new Error(note.message));
          worker.process.kill('SIGKILL');
        }
        if (note.about === 'q-insight:all-cells') void tellAll(worker, note.id, workers);
      });
      worker.once('exit', (code, signal) => {
        workers.delete(worker);
        const how = `process ${worker.id} ended with ${signal || `code ${code}`}`;
        if (!isUp) reject(new Error(`serveRewards: ${how} before it listened`));
        else if (!closing) {
          log(`${how}; a new one takes its place`);
          replace();
        }
      });
    });
  }

  function replace(): void {
    if (closing) return;
    fork().catch((error: unknown) => {
      log(`${(error as Error).message}; trying again`);
      setTimeout(replace, PATIENCE);
    });
  }

  async function close(): Promise<void> {
    closing = true;
    await Promise.all(
      Array.from(workers, (worker) => {
        const ended = new Promise((resolve) => worker.once('exit', resolve));
        worker.send({ about: 'q-insight:close' } satisfies Note, () => undefined); // it may be gone already
        return ended;
      }),
    );
  }
}

/** Asks every process for its counts, and tells one of them all. */
async function tellAll(asker: Worker, id: string, workers: ReadonlySet<Worker>): Promise<void> {
  const cells = await Promise.all(Array.from(workers, (worker) => cellsOf(worker, id)));
  asker.send({ about: 'q-insight:here-are', id, cells: cells.flat() } satisfies Note, () => undefined);
}

/** What each process told last: a sum that left out a busy one would go down, and counts may only rise. */
const toldLast = new WeakMap<Worker, readonly Cells[]>();

function cellsOf(worker: Worker, id: string): Promise<readonly Cells[]> {
  return new Promise((resolve) => {
    const finish = (cells: readonly Cells[]): void => {
      clearTimeout(timer);
      worker.off('message', onNote);
      toldLast.set(worker, cells);
      resolve(cells);
    };
    const onNote = (note: Note): void => {
      if (note.about === 'q-insight:here-are' && note.id === id) finish(note.cells);
    };
    const timer = setTimeout(() => finish(toldLast.get(worker) ?? []), PATIENCE);
    worker.on('message', onNote);
    worker.send({ about: 'q-insight:cells', id } satisfies Note, () => undefined);
  });
}

/** In one of the processes: tells the primary that it listens, answers it, and ends when it says so. */
export function joinPrimary(port: number, app: App, close: () => Promise<void>): void {
  process.on('message', (note: Note) => {
    if (note.about === 'q-insight:cells') tell({ about: 'q-insight:here-are', id: note.id, cells: [app.cells()] });
    if (note.about === 'q-insight:close') void close().then(() => process.exit(0));
  });
  tell({ about: 'q-insight:listening', port });
}

/** In one of the processes: the counts of all, its own alone when the primary does not answer in time. */
export function allCells(own: () => Cells): Promise<Cells> {
  const id = randomUUID();
  return new Promise((resolve) => {
    const finish = (cells: readonly Cells[]): void => {
      clearTimeout(timer);
      process.off('message', onNote);
      resolve(mergedCells(cells));
    };
    const onNote = (note: Note): void => {
      if (note.about === 'q-insight:here-are' && note.id === id) finish(note.cells);
    };
    const timer = setTimeout(() => finish([own()]), 2 * PATIENCE);
    process.on('message', onNote);
    tell({ about: 'q-insight:all-cells', id });
  });
}

/** In one of the processes: leaves it to the primary to say what went wrong, and to end this one. */
export function tellFailure(error: unknown): Promise<never> {
  tell({ about: 'q-insight:failed', message: messageOf(error) });
  return new Promise(() => undefined);
}

function tell(note: Note): void {
  process.send?.(note, undefined, undefined, () => undefined); // a primary that has gone needs no telling
}
