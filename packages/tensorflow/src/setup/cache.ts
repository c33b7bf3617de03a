import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder that setup fills: `$Q_INSIGHT_CACHE`, else `q-insight` under `$XDG_CACHE_HOME` or `~/.cache`; in it,
 * `tensorflow`. It lies outside node_modules because `npm ci` empties those.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const base =
    environment['Q_INSIGHT_CACHE'] ?? join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'q-insight');
  return join(base, 'tensorflow');
}
