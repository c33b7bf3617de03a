import { closeOnSignals } from '@q-insight/rewards/server';
import { Command } from 'commander';
import pc from 'picocolors';
import { serveDashboard } from '../tracking/dashboard/serve.js';
import { wholeNumber } from './options.js';
import type { Parts } from './parts.js';

/** Flags of `q-insight dashboard`. */
export interface DashboardFlags {
  readonly port: string;
}

/** `q-insight dashboard [RUNS]`. */
export function dashboardCommand(parts: Parts): Command {
  return new Command('dashboard')
    .description('watch runs in a browser, while they go on or later: curves, answers beside their images, errors')
    .argument('[runs...]', 'run folders, or folders of runs', ['runs'])
    .option('--port <n>', 'port on this machine; 0 takes a free one', '8080')
    .action(async (folders: string[], flags: DashboardFlags) => {
      const port = wholeNumber('--port', flags.port, 0);
      const dashboard = await serveDashboard(folders, { port, openDataset: parts.openDataset });
      closeOnSignals(dashboard);
      console.log(`${pc.bold(dashboard.url)} shows ${folders.join(', ')}\n${pc.dim('Ctrl-C ends it')}`);
    });
}
