// A server in a process of its own: prints its address, tells its memory when asked, goes down on signals.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reward } from '../../src/index.js';
import { closeOnSignals, serveRewards, type ServeOptions } from '../../src/server/index.js';
import { len } from './len.js';

/** As `len`, but it takes its time over "slow". */
const sometimesSlow: Reward = {
  ...len,
  async score(sample) {
    if (sample.completion === 'slow') await sleep(400);
    return len.score(sample);
  },
};
const set = { rewards: [sometimesSlow], labels: 'optional' } as const;
const server = await serveRewards(set, { port: 0, ...(JSON.parse(process.argv[2] ?? '{}') as ServeOptions) });
closeOnSignals(server);
process.on('message', (question) => {
  if (question !== 'memory') return;
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ bytes: heapUsed + external, resources: process.getActiveResourcesInfo().length });
});
process.on('disconnect', () => process.exit()); // the tests have gone
process.send?.({ url: server.url });
