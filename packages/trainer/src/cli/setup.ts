import { setup } from '@q-insight/tensorflow';
import type { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import pc from 'picocolors';
import { terminalBar } from '../tracking/progress.js';

/** Flags of `q-insight setup`. */
export interface SetupFlags {
  readonly cuda?: true;
}

/** `q-insight setup`. */
export function setupCommand(): Command {
  return new Command('setup')
    .description("set up the native backend: today's TensorFlow, several times faster than wasm (Linux on x86-64)")
    .option('--cuda', "with NVIDIA's libraries, about 3 GB more to download")
    .action(async ({ cuda }: SetupFlags) => {
      const start = performance.now();
      const bar = downloadBar(process.stderr);
      const { installation, changed } = await setup({
        variant: cuda ? 'cuda' : 'cpu',
        log: (line) => {
          bar.stop();
          console.error(pc.dim(line));
        },
        onProgress: bar.update,
      }).finally(bar.stop);
      const { tensorflow, variant, source, addon } = installation;
      const took = changed ? `set up in ${((performance.now() - start) / 1000).toFixed(0)} s` : 'set up already';
      const where = source === 'python' ? "the active Python's" : 'a wheel of its own';
      console.log(`TensorFlow ${tensorflow} (${variant}, ${where}) is ${took}: ${addon}`);
    });
}

interface DownloadBar {
  readonly update: (file: string, received: number, total: number) => void;
  readonly stop: () => void;
}

/** A bar per file in a terminal; nothing elsewhere, where the log names each file. */
function downloadBar(stream: NodeJS.WriteStream): DownloadBar {
  if (!stream.isTTY) return { update: () => undefined, stop: () => undefined };
  let bar: SingleBar | undefined;
  const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
  return {
    update: (_file, received, total) => {
      if (bar === undefined) {
        bar = terminalBar(`${pc.green('{bar}')} {value}/{total} MB · {eta} s left`, stream);
        bar.start(megabytes(total), megabytes(received));
      }
      bar.update(megabytes(received));
    },
    stop: () => {
      bar?.stop();
      bar = undefined;
    },
  };
}
