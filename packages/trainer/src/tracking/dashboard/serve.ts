import type { AddressInfo } from 'node:net';
import { buildDashboard } from './app.js';
import { checkFolders } from './find-runs.js';
import { openRuns, type OpenDataset } from './runs.js';

/** Options of {@link serveDashboard}. */
export interface DashboardOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly openDataset: OpenDataset;
}

/** A dashboard that is up. */
export interface Dashboard {
  /** Where it is, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  close(): Promise<void>;
}

/** The one address it listens on: what runs hold is for this machine alone. */
const HOST = '127.0.0.1';

/**
 * Serves a page that shows runs while they are written.
 *
 * @param folders - runs, or folders of runs
 * @throws when a folder can hold no run, or the port is taken
 */
export async function serveDashboard(folders: readonly string[], options: DashboardOptions): Promise<Dashboard> {
  checkFolders(folders);
  const app = buildDashboard(openRuns(folders, options.openDataset));
  await app.listen({ host: HOST, port: options.port });
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${port}`,
    async close() {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}
