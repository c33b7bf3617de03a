import { Worker } from 'node:worker_threads';
import { messageOf } from '../runner/message-of.js';
import { THREAD_CODE } from './thread-code.js';

/** One thread that answers one call at a time. */
export interface Thread {
  /** The answer; rejects after `timeout` milliseconds, and then the thread is gone, whatever it was doing. */
  readonly ask: (question: unknown, timeout: number) => Promise<unknown>;
  /** Whether the thread can still be asked. */
  readonly isAlive: () => boolean;
  /** Ends the thread. */
  readonly close: () => Promise<unknown>;
}

type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

/** Starts a thread with the reward `name` of a module. An idle thread does not keep the process from ending. */
export function startThread(module: string, name: string): Thread {
  const worker = new Worker(THREAD_CODE, { eval: true, workerData: { module, name } });
  let alive = true;
  worker.unref();
  worker.once('exit', () => (alive = false));
  worker.on('error', () => (alive = false)); // an uncaught error; the exit follows

  function ask(question: unknown, timeout: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(() => reject(kill(timeout))), timeout);
      const onExit = (): void => finish(() => reject(new Error('the reward ended its thread')));
      const onError = (error: unknown): void => finish(() => reject(new Error(messageOf(error), { cause: error })));
      const onAnswer = (answer: Answer): void =>
        finish(() => (answer.ok ? resolve(answer.value) : reject(new Error(answer.message))));
      function finish(settle: () => void): void {
        clearTimeout(timer);
        worker.off('message', onAnswer).off('exit', onExit).off('error', onError);
        worker.unref();
        settle();
      }
      worker.on('message', onAnswer).on('exit', onExit).on('error', onError);
      worker.ref();
      try {
        worker.postMessage(question);
      } catch (error) {
        onError(error); // the question cannot be sent to a thread: a function in the metadata, for instance
      }
    });
  }

  function kill(timeout: number): Error {
    alive = false;
    void worker.terminate();
    const error = new Error(`no answer within ${timeout} ms; its thread was ended`);
    error.name = 'TimeoutError';
    return error;
  }

  function close(): Promise<unknown> {
    alive = false;
    return worker.terminate();
  }

  return { ask, close, isAlive: () => alive };
}
