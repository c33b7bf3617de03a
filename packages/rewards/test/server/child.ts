// A server in a process of its own: child.ts OPTIONS GATE. Tells its address, and its memory when asked; goes down on signals.
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reward } from '../../src/index.js';
import { closeOnSignals, serveRewards, type ServeOptions } from '../../src/server/index.js';
import { len } from './len.js';

const [, , options = '{}', gate = ''] = process.argv;

/** As `len`, but "slow" is under way until the file GATE is there. */
const sometimesSlow: Reward = {
  ...len,
  async score(sample) {
    while (sample.completion === 'slow' && !existsSync(gate)) await sleep(5);
    return len.score(sample);
  },
};
const set = { rewards: [sometimesSlow], labels: 'optional' } as const;
const server = await serveRewards(set, { port: 0, ...(JSON.parse(options) as ServeOptions) });
closeOnSignals(server);
process.on('message', (question) => {
  if (question !== 'memory') return;
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ bytes: heapUsed + external, resources: process.getActiveResourcesInfo().length });
});
process.on('disconnect', () => process.exit()); // the tests have gone
process.send?.({ url: server.url });
