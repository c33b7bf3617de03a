/**
 * Rewards in worker threads, with a timeout that really ends them. Node only.
 *
 * @module
 */
export { workerReward, type WorkerReward, type WorkerRewardOptions } from './worker-reward.js';
