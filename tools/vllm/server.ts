import { spawn, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';

/** A vLLM process on this machine. */
export interface VllmProcess {
  readonly url: string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

/** Starts vLLM on the CPU and waits until it answers. Its words go to a file. */
export async function startVllm(model: string, port: number, log: string): Promise<VllmProcess> {
  const url = `http://127.0.0.1:${port}`;
  const started = performance.now();
  const server = spawn(
    process.env['PYTHON'] ?? 'python3',
    [
      ...['-m', 'vllm.entrypoints.openai.api_server', '--model', model, '--served-model-name', 'tiny'],
      ...[
        '--dtype',
        'float32',
        '--max-model-len',
        '512',
        '--enforce-eager',
        '--host',
        '127.0.0.1',
        '--port',
        `${port}`,
      ],
      ...['--enable-lora', '--max-lora-rank', '16', '--max-loras', '2'],
      // on the CPU a seeded request whose prompt is read in two parts ends vLLM 0.32
      ...['--no-enable-chunked-prefill', '--max-num-batched-tokens', '8192'],
    ],
    {
      // a group of its own: vLLM has children, and a crash takes all of them
      detached: true,
      stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')],
      env: {
        ...process.env,
        VLLM_CPU_KVCACHE_SPACE: '1',
        VLLM_ALLOW_RUNTIME_LORA_UPDATING: '1',
        VLLM_SERVER_DEV_MODE: '1',
        VLLM_NO_USAGE_STATS: '1',
        HF_HUB_OFFLINE: '1',
        OMP_NUM_THREADS: '1',
      },
    },
  );
  while (!(await isHealthy(url))) {
    if (server.exitCode !== null) throw new Error(`vLLM ended with ${server.exitCode}; see ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  console.log(`vLLM at ${url} after ${((performance.now() - started) / 1000).toFixed(0)} s`);
  return { url, kill: () => kill(server) };
}

const isHealthy = (url: string) =>
  fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );

function kill(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  process.kill(-server.pid!, 'SIGKILL');
  return ended;
}
