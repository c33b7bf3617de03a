import type { Reward } from '../../src/index.js';
import type { RewardSet } from '../../src/server/index.js';

/** The reward of the recorded requests. */
export const len: Reward = {
  name: 'len',
  range: [0, 1],
  score: ({ completion }) => Math.min(1, completion.length / 20),
};

/** A set that takes any sample. */
export const LEN: RewardSet = { rewards: [len], labels: 'optional' };
