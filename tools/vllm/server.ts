import { startServer, type ServerProcess } from '../server-process.js';

/** Starts vLLM on the CPU. Its words go to a file. */
export async function startVllm(model: string, port: number, log: string): Promise<ServerProcess> {
  const started = performance.now();
  const server = await startServer({
    command: process.env['PYTHON'] ?? 'python3',
    args: [
      ...['-m', 'vllm.entrypoints.openai.api_server', '--model', model, '--served-model-name', 'tiny'],
      ...['--dtype', 'float32', '--max-model-len', '512', '--enforce-eager', '--host', '127.0.0.1'],
      ...['--port', String(port), '--enable-lora', '--max-lora-rank', '16', '--max-loras', '2'],
      // on the CPU a seeded request whose prompt is read in two parts ends vLLM 0.32
      ...['--no-enable-chunked-prefill', '--max-num-batched-tokens', '8192'],
    ],
    env: {
      VLLM_CPU_KVCACHE_SPACE: '1',
      VLLM_ALLOW_RUNTIME_LORA_UPDATING: '1',
      VLLM_SERVER_DEV_MODE: '1',
      VLLM_NO_USAGE_STATS: '1',
      HF_HUB_OFFLINE: '1',
      OMP_NUM_THREADS: '1',
    },
    url: `http://127.0.0.1:${port}`,
    health: '/health',
    log,
  });
  console.log(`vLLM at ${server.url} after ${((performance.now() - started) / 1000).toFixed(0)} s`);
  return server;
}
