import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startServer, type ServerProcess } from '../server-process.js';

/**
 * Starts SkyRL's Tinker server on the CPU; one that was killed goes on with what it left in `folder`.
 *
 * @param environment - virtual environment with `skyrl[tinker,jax]` and `uv`
 * @param model - a Hugging Face folder
 */
export function startSkyrl(environment: string, model: string, folder: string, port: number): Promise<ServerProcess> {
  mkdirSync(folder, { recursive: true });
  const bin = resolve(environment, 'bin');
  return startServer({
    // The server starts its engine by the command line of its own parent, so it must be started by `uv run`.
    command: join(bin, 'uv'),
    args: [
      ...['run', '--active', '--no-project', '-m', 'skyrl.tinker.api', '--base-model', resolve(model)],
      ...['--backend', 'jax', '--backend-config', '{"max_lora_adapters":16,"max_lora_rank":8}'],
      ...['--host', '127.0.0.1', '--port', String(port), '--checkpoints-base', resolve(folder, 'checkpoints')],
      ...['--database-url', `sqlite:///${resolve(folder, 'server.db')}`],
    ],
    env: {
      PATH: `${bin}:${process.env['PATH']}`,
      VIRTUAL_ENV: resolve(environment),
      UV_NO_PROJECT: '1',
      UV_OFFLINE: '1',
      JAX_PLATFORMS: 'cpu',
      HF_HUB_OFFLINE: '1',
    },
    url: `http://127.0.0.1:${port}`,
    health: '/api/v1/healthz',
    log: join(folder, 'server.log'),
  });
}
