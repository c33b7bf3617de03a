/**
 * Rewards over HTTP. Node only; needs `fastify`.
 *
 * @module
 */
export { isSameSecret } from './access.js';
export { filledIn } from './filled-in.js';
export { isLoopback, urlOf, within } from './listening.js';
export type { ServeOptions } from './options.js';
export type { RewardSet } from './reward-set.js';
export { closeOnSignals, serveRewards, type RewardServer } from './serve.js';
