import { SingleBar } from 'cli-progress';
import pc from 'picocolors';

/** Progress of a task with a known number of parts. */
export interface Progress {
  readonly update: (done: number, total: number) => void;
  readonly stop: () => void;
}

/** Options of {@link progressBar}. */
export interface ProgressOptions {
  /** @defaultValue process.stderr */
  readonly stream?: NodeJS.WriteStream;
  /** Seconds between lines when the stream is no terminal. @defaultValue 5 */
  readonly every?: number;
  /** What is counted. @defaultValue 'answers' */
  readonly unit?: string;
  /** Seconds on a clock that only rises. @defaultValue the process's */
  readonly clock?: () => number;
}

/** A bar as all commands draw it. */
export function terminalBar(format: string, stream: NodeJS.WriteStream): SingleBar {
  return new SingleBar({ format, stream, barsize: 24, hideCursor: true, barCompleteChar: '█', barIncompleteChar: '░' });
}

/** A bar in a terminal, a line every few seconds elsewhere. */
export function progressBar(name: string, options: ProgressOptions = {}): Progress {
  const { stream = process.stderr, every = 5, unit = 'answers', clock = () => performance.now() / 1000 } = options;
  if (stream.isTTY) {
    const bar = terminalBar(`${name} ${pc.green('{bar}')} {value}/{total} ${unit}`, stream);
    bar.start(1, 0);
    return {
      update: (done, total) => {
        bar.setTotal(total);
        bar.update(done);
      },
      stop: () => bar.stop(),
    };
  }
  let shown = -Infinity;
  return {
    update: (done, total) => {
      if (clock() - shown < every && done < total) return;
      shown = clock();
      stream.write(`${name} · ${done}/${total} ${unit}\n`);
    },
    stop: () => undefined,
  };
}
