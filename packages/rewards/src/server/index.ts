/**
 * Rewards over HTTP. Node only; needs `fastify`.
 *
 * @module
 */
export type { ServeOptions } from './options.js';
export type { RewardSet } from './reward-set.js';
export { closeOnSignals, serveRewards, type RewardServer } from './serve.js';
